/** One packet, and the next that comes back on its connection, as they are told. */
import type { PathView } from '../paths/view.ts';
import { isLost } from '../trace/losses.ts';
import { serviceOf } from '../trace/shape.ts';
import { NONE } from './arena.ts';
import type { Exchange } from './packet.ts';
import { commonOf, readExchange } from './read.ts';
import { createReplies } from './replies.ts';
import { createStore } from './store.ts';

export interface Awaiting {
  /** Every packet that is told. @returns whether it is the reply */
  see(view: PathView): boolean;
  readonly answerable: Answerable;
  /** Something is awaited and has not come. */
  isOpen(): boolean;
  read(): Exchange;
}

const STORE_BYTES = 1 << 16;

const isWhole = (view: PathView): boolean => view.hasEntry && view.hasLast && !view.ambiguous;

/** Why nothing comes back, or that something may. */
export type Answerable = 'lost' | 'end unseen' | 'reply' | 'yes';

function answerableOf(view: PathView): Answerable {
  if (isLost(view)) return 'lost';
  if (!isWhole(view)) return 'end unseen';
  return serviceOf(view).isRequest ? 'yes' : 'reply';
}

export function awaitReply(view: PathView): Awaiting {
  const store = createStore(STORE_BYTES);
  const replies = createReplies(store);
  const commons = [commonOf(view)];
  const packet = store.add(view);
  store.packets.row[packet] = 0;
  const answerable = answerableOf(view);
  if (answerable === 'yes') replies.wait(packet);
  return {
    answerable,
    see(other) {
      const isTold = other.hopCount > 0 && (isWhole(other) || isLost(other));
      if (!isTold || replies.answeredBy(other).length === 0) return false;
      const reply = store.add(other);
      store.packets.row[reply] = commons.push(commonOf(other)) - 1;
      store.packets.reply[packet] = reply;
      return true;
    },
    isOpen: () => answerable === 'yes' && store.packets.reply[packet] === NONE,
    read: () => readExchange(store, packet, (row) => commons[row])!,
  };
}
