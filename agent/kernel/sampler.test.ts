import { describe, expect, it } from 'vitest';
import type { Exponents } from '../wire/messages.ts';
import { createSampler } from './sampler.ts';

/** A kernel that takes its time, and a clock that shows it. */
function scene(stallNs: number) {
  let timeNs = 1000;
  const written: Exponents[] = [];
  const blind: [number, number][] = [];
  const sampler = createSampler(
    {
      kernel: {
        readDemand: () => {},
        config: { setExponents: (to) => void (written.push(to), (timeNs += stallNs)) },
      },
      blind: { exponentChanged: (fromNs, toNs) => void blind.push([fromNs, toNs]) },
      nowNs: () => timeNs,
    },
    1000,
    4,
  ); // prettier-ignore
  return { sampler, written, blind };
}

describe('a change of the exponent', () => {
  it('has in the meantime the highest that may be in force', () => {
    const { sampler, written, blind } = scene(500);
    sampler.takeHistory(0);
    sampler.choose(7);
    sampler.choose(2);
    expect(written.map(({ marks }) => marks)).toEqual([4, 7, 2]);
    expect(sampler.takeHistory(0).map(({ fromNs, marks }) => [fromNs, marks])).toEqual([
      [1500, 7], [2000, 7], // rises: from before it was written
      [2000, 7], [2500, 2], // falls: only when it has been
    ]); // prettier-ignore
    expect(blind).toEqual([
      [1500, 2000],
      [2000, 2500],
    ]);
  });

  it('is told once; then what still is', () => {
    const { sampler } = scene(0);
    expect(sampler.takeHistory(5)).toMatchObject([{ fromNs: 0, marks: 4 }]);
    expect(sampler.takeHistory(9)).toMatchObject([{ fromNs: 9, marks: 4 }]);
  });
});
