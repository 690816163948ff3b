/** On healthy traffic nothing stands out, however the load changes; and nothing is said that rests on nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineOf, sentenceOf } from './sentence.ts';
import { createRandom, run, type ClusterOptions, type Piece } from './synthetic.ts';

const clock = (ms: number): string => `${ms / 1000} s`;
const LEARNING = 53;

/** Load that wanders, jumps and pauses: packets come up to twenty times as often, and all take up to twice as long. */
function restless(seed: number): Required<Pick<ClusterOptions, 'rate' | 'load'>> {
  const random = createRandom(seed);
  const phases = Array.from({ length: 40 }, () => 0.05 + random() ** 2);
  const busy = (second: number): number => phases[Math.floor(second / 7) % phases.length];
  return { load: busy, rate: (second, lane) => 30 * busy(second + 3 * (lane % 5)) };
}

describe('healthy traffic', () => {
  /** 6 runs of 110 windows: of 660 none is a false alarm. */
  test('nothing stands out in any of 660 windows under changing load', () => {
    let windows = 0;
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const said = run(LEARNING + 110, { ...restless(seed), seed, askedFrom: LEARNING, queues: seed % 2 === 0 });
      for (const insight of said) {
        const sentence = sentenceOf(insight, clock);
        expect(sentence.state, `seed ${seed}: ${lineOf(sentence)}`).toBe('quiet');
        windows++;
      }
    }
    expect(windows).toBe(660);
  });

  test('a stall of everything for two seconds is over before anything is said', () => {
    const fault = { delayNs: () => 30e6 };
    const said = run(90, { fault, from: 65, until: 67, askedFrom: 60 });
    expect(said.flatMap(({ findings }) => findings)).toEqual([]);
  });
});

test('without a window before nothing is said, whatever happens', () => {
  const slowFromTheStart = { delayNs: () => 50e6 };
  const said = run(LEARNING - 2, { fault: slowFromTheStart, from: 10 });
  for (const insight of said) {
    expect(insight.findings).toEqual([]);
    expect(sentenceOf(insight, clock).state).toBe('learning');
  }
  expect(lineOf(sentenceOf(said[40], clock))).toBe('No baseline yet · 1 of 3 windows of 10 s to compare with');
});

test('once said it is kept through a pause of the fault, taken back when it is gone, and not said again', () => {
  const fault = { delayNs: ({ second, segment, from }: Piece) =>
    segment === 'wire' && from === 0 && second % 20 !== 7 ? 3e6 : 0 }; // prettier-ignore
  const said = run(140, { fault, from: 65, until: 110, askedFrom: 60 });
  const states = said.map(({ findings }) => findings.length > 0);
  const changes = states.filter((state, at) => at > 0 && state !== states[at - 1]);
  expect(changes).toEqual([true, false]);
  expect(states.at(-1)).toBe(false);
  expect(new Set(said.flatMap(({ findings }) => findings.map(({ sinceMs }) => sinceMs))).size).toBe(1);
});

test('a second fault on the same paths is told beside the first, with its own beginning', () => {
  const fault = { delayNs: ({ second, segment, from, to }: Piece) => {
    if (segment === 'wire') return from === 0 && to === 1 ? 3e6 : 0;
    return segment === 'decap' && from === 0 && to === 1 && second >= 80 ? 3e6 : 0;
  } }; // prettier-ignore
  const [insight] = run(105, { fault, from: 62, askedFrom: 58 }).slice(-1);
  const told = insight.findings.map(({ place, sinceMs }) => [place.segment, sinceMs]);
  expect(told).toEqual([['wire', 62_000], ['decap', 80_000]]); // prettier-ignore
});

describe('a measurement that is thin', () => {
  test('says that few packets came', () => {
    const [insight] = run(70, { rate: () => 0.2, askedFrom: 69 });
    expect(lineOf(sentenceOf(insight, clock))).toBe('Too thin to tell · too few packets on any path to compare them');
  });

  test('says that little could be joined, and what was lost by us', () => {
    const coverage = { joinable: 1000, joinableJoined: 803, sampled: 1200, lostByUs: 60 };
    const [insight] = run(70, { fault: { coverage: () => coverage }, from: 0, askedFrom: 69 });
    expect(lineOf(sentenceOf(insight, clock))).toBe(
      'Too thin to tell · only 80.3 % of the packets could be joined · 5 % of the packets were lost by us, not by the network',
    );
  });

  test('takes no clock that moved for a wire that is slow', () => {
    const fault = { delayNs: ({ segment, from, to }: Piece) =>
      segment !== 'wire' ? 0 : from === 0 && to === 1 ? 400_000 : from === 1 && to === 0 ? -400_000 : 0 }; // prettier-ignore
    const said = run(90, { fault, from: 62, askedFrom: 60 });
    expect(said.flatMap(({ findings }) => findings)).toEqual([]);
  });
});

test('equal figures give equal words', () => {
  fc.assert(
    fc.property(fc.nat(1000), (seed) => {
      const lines = (): string[] =>
        run(56, { seed, nodes: 2, rate: () => 4, askedFrom: 54 }).map((insight) => lineOf(sentenceOf(insight, clock)));
      expect(lines()).toEqual(lines());
    }),
    { numRuns: 3 },
  );
});
