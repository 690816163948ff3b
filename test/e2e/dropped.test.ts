/** Which bytes a dropped segment certainly was, of several sendings. */
import { expect, test } from 'vitest';
import type { WireEvent } from '../lab/index.ts';
import { contextOf, deliveredThoughDropped, lostBytes } from './dropped.ts';
import type { SeenPath } from './watch.ts';

interface Sent {
  atMs: number;
  mark: number;
  sequence?: number;
  payload?: number;
  timestamp?: number;
}

const SECOND_MS = 10_000;
const TIMESTAMP = 77;

/** A byte that arrived, with its only record of interest: where it left the first node. */
const arrived = ({ atMs, mark, sequence = mark, payload = 100, timestamp = TIMESTAMP }: Sent): SeenPath =>
  ({
    identityKind: 0, verdict: 'delivered', ambiguous: false,
    source: { ip: '10.0.0.1', port: 1 }, destination: { ip: '10.0.0.2', port: 2 },
    hops: [{ kind: 'uplink', direction: 'egress' }], records: [{ timeNs: atMs * 1e6, mark, sequence, payload, context: contextOf({ timestamp }) }],
  }) as unknown as SeenPath; // prettier-ignore

const dropped = (sequence: number): WireEvent =>
  ({
    action: 'drop', timeNs: SECOND_MS * 1e6,
    packet: { source: '10.0.0.1', sourcePort: 1, destinationPort: 2, sequence, payload: 100, timestamp: TIMESTAMP },
  }) as unknown as WireEvent; // prettier-ignore

test.each<{ what: string; sent: Sent[]; paths: number; certain: boolean }>([
  { what: 'sent once', sent: [{ atMs: 9999, mark: 5000 }], paths: 1, certain: true },
  { what: 'sent once, long ago', sent: [{ atMs: 1000, mark: 5000 }], paths: 1, certain: true },
  { what: 'sent again long after', sent: [{ atMs: 1000, mark: 5000 }, { atMs: 9999, mark: 5000 }], paths: 1, certain: true },
  { what: 'sent again while the first may have waited', sent: [{ atMs: 9990, mark: 5000 }, { atMs: 9999, mark: 5000 }], paths: 2, certain: false },
  { what: 'sent again in a longer packet that follows another byte', sent: [{ atMs: 9990, mark: 5000 }, { atMs: 9999, mark: 5120, sequence: 4900, payload: 1000 }], paths: 1, certain: false },
  { what: 'sent again with another timestamp', sent: [{ atMs: 9990, mark: 5000 }, { atMs: 9999, mark: 5000, timestamp: 86 }], paths: 1, certain: true },
  { what: 'sent again, but not yet', sent: [{ atMs: 9990, mark: 5000 }, { atMs: 10_001, mark: 5000 }], paths: 1, certain: true },
])('$what', ({ sent, paths, certain }) => {
  const all = sent.map(arrived);
  const [byte, ...more] = lostBytes(all, [dropped(4950)]);
  expect(more).toEqual([]);
  expect([byte.paths.length, byte.isCertain]).toEqual([paths, certain]);
  expect(deliveredThoughDropped(all, [dropped(4950)])).toHaveLength(certain ? 1 : 0);
}); // prettier-ignore

test('the context is that of the kernel program', () => {
  expect(contextOf({ acknowledgement: 200, timestamp: 10, timestampEcho: 11 })).toBe(3_875_182_378);
});

test('none of what the segment did not carry', () => {
  expect(lostBytes([arrived({ atMs: 9999, mark: 5000 })], [dropped(5001), dropped(4900)])).toEqual([]);
  expect(lostBytes([arrived({ atMs: 9999, mark: 5000, timestamp: 76 })], [dropped(4950)])).toEqual([]);
});
