import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeFilter, type Existing } from './filter-complete.ts';

const existing: Existing = {
  pods: ['shop/web-7f9', 'shop/api-2c1'], namespaces: ['shop'], services: ['shop/api'], nodes: ['n1', 'n2'],
  devices: ['eth0', 'cni0'], addresses: ['10.244.1.2', '10.244.2.2'], ports: ['80'],
}; // prettier-ignore

const complete = (text: string): string[] => completeFilter(text, text.length, existing).options;

describe('completion', () => {
  it('names what exists behind a word that asks for it', () => {
    expect(complete('tcp and pod:')).toEqual(['shop/web-7f9', 'shop/api-2c1']);
    expect(complete('pod:API')).toEqual(['shop/api-2c1']);
    expect(complete('(device:c')).toEqual(['cni0']);
    expect(complete('verdict:d')).toEqual(['delivered', 'dropped']);
  });

  it('knows what may stand behind a word of tcpdump', () => {
    expect(complete('host 10.244.1')).toEqual(['10.244.1.2']);
    expect(complete('tcp p')).toEqual(['port', 'portrange']);
    expect(complete('port ')).toEqual(['80']);
    expect(complete('src 10.244.2')).toEqual(['10.244.2.2']);
  });

  it('offers words by their beginning, and nothing for nothing or for a whole word', () => {
    expect(complete('la')).toEqual(['latency>']);
    expect(complete('por')).toEqual(['port', 'portrange']);
    expect(complete('')).toEqual([]);
    expect(complete('node:n1 ')).toEqual([]);
    expect(complete('node:n1')).toEqual([]);
  });

  it('replaces what was written, wherever the caret is', () => {
    expect(completeFilter('pod:we and tcp', 6, existing)).toEqual({ from: 4, to: 6, options: ['shop/web-7f9'] });
  });

  it('of any text stays inside it', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, at) => {
        const caret = at % (text.length + 1);
        const { from, to, options } = completeFilter(text, caret, existing);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBe(caret);
        expect(options.length).toBeLessThanOrEqual(8);
      }),
    );
  });
});
