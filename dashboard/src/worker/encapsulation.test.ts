/** What the tunnel of the recorded pings costs, through a session. */
import { expect, test } from 'vitest';
import { framesOfPings, type Sent } from '../../../agent/export/testing.ts';
import { sizeBucket, sizesOf } from './sizes.ts';
import { createSession } from './session.ts';
import { createTallies } from './tallies.ts';

const START_MS = 1.7e12;

test('sizes are kept to the byte where MTUs lie', () => {
  const tallies = createTallies();
  for (const [bytes, packets] of [
    [84, 3],
    [1450, 2],
    [1500, 1],
    [8950, 4],
  ] as const)
    tallies.add(0, sizeBucket(bytes), packets);
  const sizes = sizesOf(tallies, 0);
  expect(sizes.slice(0, 3)).toEqual([{ bytes: 84, packets: 3 }, { bytes: 1450, packets: 2 }, { bytes: 1500, packets: 1 }]); // prettier-ignore
  expect(Math.abs(sizes[3].bytes - 8950)).toBeLessThanOrEqual(72);
});

test('a path and its nodes have bytes, times, other backends and room', () => {
  const pings: Sent[] = Array.from({ length: 100 }, (_, at) => ({ from: at % 2, to: 1 - (at % 2), timeNs: 2e9 + at * 50e6 })); // prettier-ignore
  const session = createSession();
  for (const bytes of framesOfPings(pings)) {
    const atMs = START_MS + new DataView(bytes.buffer).getUint32(20, true);
    session.frame(bytes, atMs);
    session.tick(atMs);
  }
  session.choose({ focus: 'icmp:10.244.1.2>10.244.2.2' });
  session.tick(START_MS + 12_000);
  const { encapsulation, tunnels } = session.view(START_MS + 12_000);
  expect(encapsulation).toMatchObject({ podMtu: 1500, uplinkMtu: 1500, narrowest: { mtu: 1500 }, biggest: 84 });
  const vxlan = encapsulation!.costs.find(({ name }) => name === 'VXLAN')!;
  expect(vxlan).toEqual({ name: 'VXLAN', addedBytes: 50 * 50, share: 50 / 98, tooLong: 0 });
  expect(tunnels.map(({ name, share, encapP50Ns, decapP50Ns }) => [name, share, encapP50Ns, decapP50Ns])).toEqual([
    ['n1', 50 / 98, expect.closeTo(1000, -2), expect.closeTo(1000, -2)],
    ['n2', 50 / 98, expect.closeTo(1000, -2), expect.closeTo(1000, -2)],
  ]);
});
