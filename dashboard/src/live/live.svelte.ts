/* eslint-disable svelte/prefer-svelte-reactivity -- the view is what readers follow; shapes change only with it */
/** The one live source: what the worker says, as it last said it. */
import { save } from '../lib/files.ts';
import type { Connection, Order, PacketSummary, Report, Served, TimeColumns, View } from '../worker/messages.ts';
import type { PacketQuery } from '../worker/packets.ts';
import type { RowShape } from '../worker/rows.ts';
import type { Source } from '../worker/source.ts';

export interface Live {
  readonly view: View | undefined;
  /** What is in focus over time; a view that says nothing of it leaves it as it was. */
  readonly time: TimeColumns | undefined;
  readonly connection: Connection;
  readonly served: Served | undefined;
  /** Name of the file that is looked at. */
  readonly file: string | undefined;
  /** What was wrong with the last file. */
  readonly problem: string;
  /** Rows by id; filled before the view that speaks of them. */
  readonly shapes: ReadonlyMap<number, RowShape>;
  send(order: Order): void;
  /** Held packets of a row, the slowest first: those behind a cell of a heat map. */
  pick(wanted: PacketQuery): Promise<PacketSummary[]>;
  /** Where the frames of what is shown can be had again. */
  source(): Promise<Source>;
}

/** @param onSession when another one begins: of a file or of agents, as before or instead of the other */
export function createLive(onSession: (isOtherSource: boolean) => void): Live {
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });
  const shapes = new Map<number, RowShape>();
  let view = $state.raw<View>();
  let time = $state.raw<TimeColumns>();
  let connection = $state.raw<Connection>({ state: 'connecting' });
  let served = $state.raw<Served>();
  let file = $state<string>();
  let problem = $state('');
  const picks = new Map<number, (packets: PacketSummary[]) => void>();
  let nextPick = 1;
  let takeSource: ((source: Source) => void) | undefined;

  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.type === 'connection') connection = data.connection;
    else if (data.type === 'served') served = data.served;
    else if (data.type === 'picked') {
      picks.get(data.number)?.(data.packets);
      picks.delete(data.number);
    } else if (data.type === 'session') {
      shapes.clear();
      view = undefined;
      const isOtherSource = data.file !== undefined || file !== undefined;
      file = data.file;
      onSession(isOtherSource);
    } else if (data.type === 'source') takeSource?.(data.source);
    else if (data.type === 'saved') save(snapshotName(), data.blob);
    else if (data.type === 'problem') problem = data.text;
    else {
      for (const shape of data.shapes) shapes.set(shape.id, shape);
      for (const id of data.gone) shapes.delete(id);
      if (data.time) time = data.time;
      view = data;
    }
  };
  return {
    get view() {
      return view;
    },
    get time() {
      return time;
    },
    get connection() {
      return connection;
    },
    get served() {
      return served;
    },
    get file() {
      return file;
    },
    get problem() {
      return problem;
    },
    shapes,
    send(order) {
      if (order.type === 'open' || order.type === 'save') problem = '';
      worker.postMessage(order);
    },
    pick: (wanted) =>
      new Promise((resolve) => {
        const number = nextPick++;
        picks.set(number, resolve);
        worker.postMessage({ type: 'pick', number, wanted } satisfies Order);
      }),
    source: () =>
      new Promise((resolve) => {
        takeSource = resolve;
        worker.postMessage({ type: 'source' } satisfies Order);
      }),
  };
}

/** For the time at which it was taken. */
const snapshotName = (): string => `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z.hoplens`;
