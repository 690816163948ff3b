import { expect, it } from 'vitest';
import { encodeMessage, type Message } from '../wire/messages.ts';
import { createHub } from './source.ts';
import { helloFrame, legsFrame, statusFrame } from './testing.ts';

const message = (sequence: number, body: Message): Uint8Array =>
  encodeMessage({ stream: 7, sequence, timeMs: 0 }, body);

it('keeps for newcomers the latest of all that later frames need, in the order in which they need it', () => {
  const hub = createHub();
  const [status, hello] = [statusFrame(7, 4), helloFrame(7, 'n1')];
  const names = (sequence: number): Uint8Array =>
    message(sequence, { type: 'names', timeNs: 0, writtenMs: sequence, pods: [], services: [], nodes: [] });
  const places = message(3, { type: 'places', timeNs: 0, places: [] });
  for (const frame of [hello, names(1), legsFrame(7, 2), places, status, names(5)]) hub.push(frame);
  expect(hub.state()).toEqual([hello, places, names(5), status]);
  hub.forget(7);
  expect(hub.state()).toEqual([]);
});
