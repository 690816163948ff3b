/** The first packet, and the next one that comes back on its connection: hop by hop, or as JSON. */
import { awaitReply, type Awaiting } from '../packets/awaiting.ts';
import { toJson, type JsonPath } from '../paths/json.ts';
import type { PathView } from '../paths/view.ts';
import type { WallClock } from '../paths/wall-clock.ts';
import { explainLoss, type LossWords } from './loss-words.ts';
import { isLost, lossKindOf } from './losses.ts';
import type { Teller } from './tellers.ts';
import { drawExchange } from './waterfall.ts';

export interface JsonReply {
  type: 'reply';
  /** In the answering pod, by its node's clock; null while no packet back is known. */
  turnaroundNs: number | null;
  /** By the clock that saw the first packet leave; null where it did not see the other come home. */
  roundTripNs: number | null;
  path: JsonPath | null;
}

/** Of one packet. */
export interface OneTeller extends Teller {
  /** Every path, also those that no filter lets through. */
  see(view: PathView): void;
  /** For what comes back. */
  isWaiting(nowMs: number): boolean;
}

/** What comes back later is hardly the answer. */
const REPLY_MS = 5000;
const SAID_MS = 1000;

/** Of the packet that was told first: whether it is still worth waiting for what comes back. */
function createPatience(log: (line: string) => void): (awaiting: Awaiting, nowMs: number) => boolean {
  let sinceMs: number | undefined;
  let isSaid = false;
  return (awaiting, nowMs) => {
    const waitedMs = nowMs - (sinceMs ??= nowMs);
    if (!awaiting.isOpen() || waitedMs > REPLY_MS) return false;
    if (waitedMs > SAID_MS && !isSaid) log(`it came; waiting up to ${REPLY_MS / 1000} s for what comes back`);
    isSaid ||= waitedMs > SAID_MS;
    return true;
  };
}

export function createWaterfall(wall: () => WallClock, log: (line: string) => void): OneTeller {
  const isPatient = createPatience(log);
  let told: { awaiting: Awaiting; wallMs: number; words: LossWords | undefined } | undefined;
  return {
    see: (view) => void told?.awaiting.see(view),
    add(view) {
      const clock = wall();
      told = {
        awaiting: awaitReply(view),
        wallMs: Number(clock.since1970(clock.ofHop(view, 0).ns)) / 1e6,
        words: isLost(view) ? explainLoss(lossKindOf(view)) : undefined,
      };
    },
    isWaiting: (nowMs) => told !== undefined && isPatient(told.awaiting, nowMs),
    ready: () => '',
    draw(_summary, columns) {
      if (!told) return [];
      const { awaiting, wallMs, words } = told;
      const { packet, ...others } = awaiting.read();
      return drawExchange({ packet: { ...packet, wallMs }, ...others }, awaiting.answerable, words, columns);
    },
  };
}

export function createJsonExchange(log: (line: string) => void): OneTeller {
  const isPatient = createPatience(log);
  let told: { awaiting: Awaiting; path: JsonPath } | undefined;
  let reply: JsonPath | null = null;
  return {
    see(view) {
      if (told?.awaiting.see(view)) reply = toJson(view);
    },
    add: (view) => void (told = { awaiting: awaitReply(view), path: toJson(view) }),
    isWaiting: (nowMs) => told !== undefined && isPatient(told.awaiting, nowMs),
    ready: () => '',
    draw(summary) {
      const packets = told ? [told.path, replyOf(told.awaiting, reply)] : [];
      return [...packets, summary].map((line) => JSON.stringify(line));
    },
  };
}

function replyOf(awaiting: Awaiting, path: JsonPath | null): JsonReply {
  const { turnaroundNs, roundTripNs } = awaiting.read();
  // JSON has no NaN: what is unknown becomes null.
  return { type: 'reply', turnaroundNs, roundTripNs, path };
}
