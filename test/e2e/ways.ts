/** Which hops a packet should pass, in words that are easy to compare and to read in a failure. */
import { expect } from 'vitest';
import type { JsonPath } from '../../agent/paths/json.ts';

/** `node device kind direction bytes` of each hop. */
export type Way = string[];

const turned: Record<string, string> = { ingress: 'egress', egress: 'ingress' };

/** The way of the answer: the same hops backwards, each in the other direction. */
export const backwards = (way: Way): Way =>
  way.toReversed().map((hop) => hop.replace(/ingress|egress/, (direction) => turned[direction]));

export const wayOf = (path: JsonPath): Way =>
  path.hops.map(({ node, device, kind, direction, bytes }) => `${node} ${device} ${kind} ${direction} ${bytes}`);

export interface Expected {
  way: Way;
  segments: string[];
  /** Bytes of the tunnel, or none. */
  vxlan?: number;
}

/** Everything that is certain about one whole path, whatever its times are. */
export function expectWhole(path: JsonPath, { way, segments, vxlan }: Expected): void {
  expect(wayOf(path)).toEqual(way);
  expect(path.segments.map(({ name }) => name)).toEqual(segments);
  expect(path.segments.map(({ from, to }) => [from, to])).toEqual(segments.map((_, i) => [i, i + 1]));
  expect(path.encapsulation).toEqual(vxlan === undefined ? null : { protocol: 'vxlan', bytes: vxlan });
  expect(path).toMatchObject({ type: 'path', verdict: 'delivered', drop: null, ambiguous: false });
  expectTimes(path);
}

/** Whole nanoseconds that add up exactly; bounds where a clock is left for another, and nowhere else. */
function expectTimes({ hops, segments, totalNs, boundNs }: JsonPath): void {
  let sumNs = 0;
  expect(hops[0].timeNs).toBe(0);
  for (const { to, durationNs, boundNs, relativeBoundNs } of segments) {
    const isWire = hops[to - 1].node !== hops[to].node;
    expect(Number.isInteger(durationNs)).toBe(true);
    // Nothing on one node takes negative time; on the wire the bound says how wrong it may be.
    expect(durationNs!).toBeGreaterThanOrEqual(isWire ? -boundNs! : 0);
    if (isWire) {
      expect(boundNs).toBeGreaterThan(0);
      expect(relativeBoundNs).toBeGreaterThanOrEqual(0);
    } else expect([boundNs, relativeBoundNs]).toEqual([0, 0]);
    sumNs += durationNs!;
    expect(hops[to].timeNs).toBe(sumNs);
  }
  expect(totalNs).toBe(sumNs);
  // One that comes home is on one clock again; what it spent elsewhere may have drifted.
  const isAway = segments.some(({ boundNs }) => boundNs! > 0);
  if (!isAway) expect(boundNs).toBe(0);
  else if (hops[0].node === hops.at(-1)!.node) expect(boundNs).toBeLessThan(2000);
  else expect(boundNs).toBeGreaterThan(0);
}
