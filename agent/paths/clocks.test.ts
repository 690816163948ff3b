import { describe, expect, it } from 'vitest';
import { createClocks, type Clocks, type Correction } from './clocks.ts';

const make = (): Clocks => createClocks({ windowMs: 60_000 });

function ask(clocks: Clocks, from: number, to: number, seconds: number): Correction | undefined {
  const into = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };
  return clocks.between(from, to, seconds * 1e9, into) ? into : undefined;
}

/** Packets of clocks that show the same, a millisecond apart. */
function send(clocks: Clocks, from: number, to: number, seconds: number, delayNs: number, { count = 3, strong = true } = {}): void {
  for (let i = 0; i < count; i++) {
    const sentNs = seconds * 1e9 + i * 1e6;
    clocks.sample({ from, to, sentNs, receivedNs: sentNs + delayNs, errorNs: 0, strong });
  }
} // prettier-ignore

function exchange(clocks: Clocks, a: number, b: number, seconds: number, delayNs = 1000): void {
  send(clocks, a, b, seconds, delayNs);
  send(clocks, b, a, seconds, delayNs);
  clocks.solve();
}

describe('clocks', () => {
  it('are known once three packets agree in each direction', () => {
    const clocks = make();
    send(clocks, 0, 1, 1, 1000);
    send(clocks, 1, 0, 1, 1000, { count: 2 });
    clocks.solve();
    expect(ask(clocks, 0, 1, 1)).toBeUndefined();
    send(clocks, 1, 0, 1.01, 1000, { count: 1 });
    clocks.solve();
    expect(ask(clocks, 0, 1, 1)!.boundNs).toBeLessThan(1000 + 10_000);
  });

  it('say which direction lacks packets while they are unknown', () => {
    const clocks = make();
    const both = { there: true, back: true };
    expect(clocks.lacking(0, 1)).toEqual(both);
    send(clocks, 0, 1, 1, 1000, { count: 2 });
    clocks.solve();
    expect(clocks.lacking(0, 1)).toEqual(both);
    send(clocks, 0, 1, 1.01, 1000, { count: 1 });
    clocks.solve();
    expect(clocks.lacking(0, 1)).toEqual({ there: false, back: true });
    expect(clocks.lacking(1, 0)).toEqual({ there: true, back: false });
  });

  it('stay unknown without traffic back', () => {
    const clocks = make();
    for (let i = 0; i < 100; i++) {
      send(clocks, 0, 1, i / 10, 50_000);
      clocks.solve();
    }
    expect([ask(clocks, 0, 1, 10), ask(clocks, 1, 0, 10), ask(clocks, 0, 2, 10)]).toEqual([undefined, undefined, undefined]); // prettier-ignore
  });

  it('are the same from either end', () => {
    const clocks = make();
    for (let i = 0; i < 50; i++) exchange(clocks, 0, 1, i / 10);
    const [there, back] = [ask(clocks, 0, 1, 4.8)!, ask(clocks, 1, 0, 4.8)!];
    expect(there.correctionNs).toBeCloseTo(-back.correctionNs, 0);
    expect(there.boundNs).toBeCloseTo(back.boundNs, 0);
    expect(ask(clocks, 1, 1, 4.8)).toEqual({ correctionNs: 0, boundNs: 0, relativeBoundNs: 0 });
  });

  it('reach a node over a third, and over one-way traffic that goes round', () => {
    const clocks = make();
    exchange(clocks, 0, 1, 1);
    exchange(clocks, 1, 2, 1);
    expect(ask(clocks, 0, 2, 1)!.boundNs).toBeGreaterThanOrEqual(2000);
    const round = make();
    for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) send(round, from, to, 1, 1000); // prettier-ignore
    round.solve();
    expect(ask(round, 0, 1, 1)!.boundNs).toBeGreaterThanOrEqual(1500);
  });

  it('widen with age and end with the window', () => {
    const clocks = make();
    for (let i = 0; i < 50; i++) exchange(clocks, 0, 1, i / 10);
    const bounds = [5, 10, 20, 40].map((seconds) => ask(clocks, 0, 1, seconds)!.boundNs);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    expect(bounds[3]).toBeGreaterThan(bounds[0] + 10_000);
    expect(ask(clocks, 0, 1, 66)).toBeUndefined();
  });

  it('widen while only one direction goes on, and end when the other is forgotten', () => {
    const clocks = make();
    for (let i = 0; i < 50; i++) exchange(clocks, 0, 1, i / 10);
    const bounds: (number | undefined)[] = [];
    for (let i = 50; i < 700; i++) {
      send(clocks, 0, 1, i / 10, 1000);
      clocks.solve();
      if (i % 100 === 0) bounds.push(ask(clocks, 0, 1, i / 10)?.boundNs);
    }
    expect(bounds.slice(0, -1)).toEqual(bounds.slice(0, -1).toSorted((a, b) => a! - b!));
    expect(ask(clocks, 0, 1, 69)).toBeUndefined();
  });

  it('void both nodes when a round trip is negative', () => {
    const clocks = make();
    exchange(clocks, 0, 1, 1);
    exchange(clocks, 1, 2, 1);
    send(clocks, 1, 0, 1.5, -500_000);
    send(clocks, 0, 1, 1.5, 1000);
    send(clocks, 1, 0, 2.1, -500_000);
    clocks.solve();
    expect([ask(clocks, 0, 1, 2), ask(clocks, 1, 2, 2), clocks.voided()]).toEqual([undefined, undefined, 1]);
    exchange(clocks, 0, 1, 3);
    expect(ask(clocks, 0, 1, 3)!.correctionNs).toBeCloseTo(0);
  });

  it('void all when a way round three nodes is negative', () => {
    const clocks = make();
    for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) send(clocks, from, to, 1, -500_000); // prettier-ignore
    clocks.solve();
    expect([ask(clocks, 0, 1, 1), clocks.voided()]).toEqual([undefined, 1]);
  });

  it('forget a node that has a new stream', () => {
    const clocks = make();
    exchange(clocks, 0, 1, 100);
    clocks.reset(1);
    expect(ask(clocks, 0, 1, 100)).toBeUndefined();
    // Its time begins anew.
    exchange(clocks, 0, 1, 1);
    expect(ask(clocks, 0, 1, 1)).toBeDefined();
  });

  it('leave out what may be joined falsely as long as there is better', () => {
    const clocks = make();
    for (let i = 0; i < 20; i++) {
      exchange(clocks, 0, 1, i / 10);
      for (const [from, to] of [[0, 1], [1, 0]]) send(clocks, from, to, i / 10 + 0.05, -800_000, { strong: false }); // prettier-ignore
    }
    expect(ask(clocks, 0, 1, 1.9)!.boundNs).toBeGreaterThan(1000);
    expect(clocks.voided()).toBe(0);
  });
});
