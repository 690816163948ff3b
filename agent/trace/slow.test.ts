import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonPath } from '../paths/json.ts';
import { runTrace } from './run.ts';
import { LEAST_BEFORE, createOwnLimits, type SlowLimit } from './slow.ts';
import { framesOfPings, pastFeed, ping } from './testing.ts';

describe('slower than 99 % of its own', () => {
  it('is what no more than one in a hundred before it reached', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 250, maxLength: 600 }), (timesNs) => {
        const isOver = createOwnLimits();
        timesNs.forEach((timeNs, at) => {
          if (!isOver('way', timeNs)) return;
          const before = timesNs.slice(0, at);
          expect(at).toBeGreaterThanOrEqual(LEAST_BEFORE);
          expect(before.filter((each) => each >= timeNs).length).toBeLessThanOrEqual(before.length / 100);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('is judged by those of its own way alone', () => {
    const isOver = createOwnLimits();
    for (let i = 0; i < LEAST_BEFORE; i++) {
      isOver('short', 1000);
      isOver('long', 50_000);
    }
    expect([isOver('short', 1000), isOver('short', 2000), isOver('long', 50_000), isOver('long', 90_000)]).toEqual([
      false, true, false, true,
    ]); // prettier-ignore
    expect(isOver('new', 1e9)).toBe(false);
  });
});

/** Pings every 5 ms each way, of which those with these numbers take 2 ms longer; what trace tells of the first node's. */
async function trace(slow: SlowLimit, json: boolean): Promise<string> {
  const late = [300, 380];
  const pings = Array.from({ length: 400 }, (_, i) =>
    [0, 1].flatMap((from) => ping(i, from, 1.2e9 + i * 5e6 + from * 1e6, from === 0 && late.includes(i) ? 2e6 : 0)),
  ).flat();
  let text = '';
  const output = { write: (part: string) => (text += part), isTTY: false, columns: 80, rows: 24 };
  const code = await runTrace({ feed: pastFeed(framesOfPings(pings, 4000)), slow, json, forMs: 0, output, log: () => {} }); // prettier-ignore
  expect(code).toBe(0);
  return text;
}

const identities = (text: string): string[] =>
  text.trimEnd().split('\n').slice(0, -1).map((line) => (JSON.parse(line) as JsonPath).identity); // prettier-ignore

describe('trace --slow', () => {
  const both = [300, 380].map((identity) => identity.toString(16).padStart(16, '0').slice(-8));

  it.concurrent.each([1e6, 'p99'] as const)('%s tells of the slow packets alone', async (limit) => {
    const told = identities(await trace(limit, true));
    expect(told).toHaveLength(2);
    both.forEach((identity, at) => expect(told[at]).toContain(identity));
  });

  it.concurrent('says of how many', async () => {
    const text = await trace(1e6, false);
    expect(text).toMatch(/^10\.244\.1\.2 ▶ 10\.244\.2\.2 {2}n1 → n2 {2}icmp {2}n 2$/m);
    expect(text).toMatch(/^2 of [78]\d\d packets took longer than 1 ms$/m);
  });

  it.concurrent('says that there is none', async () => {
    const text = await trace(1e9, false);
    expect(text).toContain('no slow packet yet\n');
    expect(text).toMatch(/^0 of [78]\d\d packets took longer than 1 s$/m);
  });
});
