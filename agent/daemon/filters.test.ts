import { describe, expect, it } from 'vitest';
import type { FilterAsked } from '../server/lease.ts';
import { createFilters } from './filters.ts';

function scene() {
  const own: (string | undefined)[] = [];
  const peers: (string | undefined)[] = [];
  const told = (to: (string | undefined)[]) => (asked: FilterAsked | undefined) =>
    void to.push(asked && `${asked.expression} by ${asked.by}`);
  const filters = createFilters({ own: told(own), peers: told(peers) });
  const reader = (scope: 'node' | 'cluster', address: string) => {
    const gone = new AbortController();
    const ask = (expression: string, by?: string): void =>
      filters.ask({ type: 'filter', expression, by }, { scope, address, gone: gone.signal });
    return { ask, leave: () => gone.abort() };
  };
  return { own, peers, reader };
}

describe('a filter that a reader asks for', () => {
  it('is this agent’s and its peers’ until the reader goes', () => {
    const { own, peers, reader } = scene();
    const viewer = reader('cluster', '10.0.0.1');
    viewer.ask('tcp', 'whoever');
    viewer.ask('udp');
    viewer.leave();
    expect(own).toEqual(['tcp by 10.0.0.1', 'udp by 10.0.0.1', undefined]);
    expect(peers).toEqual(own);
  });

  it('is this agent’s alone where a gateway asks, who says for whom', () => {
    const { own, peers, reader } = scene();
    const gateway = reader('node', '10.0.0.2');
    gateway.ask('tcp', '10.0.0.1');
    gateway.ask('');
    expect(own).toEqual(['tcp by 10.0.0.1', undefined]);
    expect(peers).toEqual([undefined, undefined]);
  });

  it('waits for nobody: another reader’s changes nothing', () => {
    const { own, reader } = scene();
    const [first, second] = [reader('cluster', 'a'), reader('cluster', 'b')];
    first.ask('tcp');
    second.ask('udp');
    second.leave();
    first.leave();
    expect(own).toEqual(['tcp by a', undefined]);
  });
});
