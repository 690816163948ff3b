/** What leaves the worker: frames of this agent's stream, numbered. */
import { randomInt } from 'node:crypto';
import type { FrameSequence } from '../legs/encode.ts';
import { encodeMessage, type Message } from '../wire/messages.ts';
import type { NodeClock } from './clock.ts';
import type { FromWorker } from './protocol.ts';

export interface Outlet {
  sequence: FrameSequence;
  frame: (frame: Uint8Array<ArrayBuffer>) => void;
  message(message: Message): void;
  warning(message: string): void;
}

export function createOutlet(clock: NodeClock, post: (message: FromWorker) => void): Outlet {
  // Stream 0 is nobody's: gateways speak of their peers on it.
  const stream = randomInt(1, 2 ** 32);
  const sequence: FrameSequence = { stream, next: 0, timeMs: () => Math.floor(clock.nowNs() / 1e6) };
  const frame = (bytes: Uint8Array<ArrayBuffer>): void => post({ type: 'frame', frame: bytes.buffer });
  return {
    sequence,
    frame,
    message(message) {
      const header = { stream, sequence: sequence.next++ >>> 0, timeMs: sequence.timeMs() };
      frame(encodeMessage(header, message) as Uint8Array<ArrayBuffer>);
    },
    warning: (message) => post({ type: 'warning', message }),
  };
}
