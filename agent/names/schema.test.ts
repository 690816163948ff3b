import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ENTRIES, NamesError, parseNames } from './schema.ts';

const pod = { name: 'web-1', addresses: ['10.244.1.2', 'fd00::2'] };

it('takes what is documented, and lists that are not there as empty ones', () => {
  const names = {
    pods: [{ ...pod, namespace: 'shop', workload: 'web', node: 'n1' }],
    services: [{ name: 'api', addresses: [], ports: [{ port: 80, nodePort: 30080, protocol: 'udp' as const }] }],
    nodes: [{ name: 'n1', addresses: ['192.168.1.10'] }],
  };
  expect(parseNames(names)).toEqual(names);
  expect(parseNames({ services: [{ name: 'api' }] })).toEqual({
    pods: [], services: [{ name: 'api', addresses: [], ports: [] }], nodes: [],
  }); // prettier-ignore
  expect(parseNames(null)).toEqual({ pods: [], services: [], nodes: [] });
});

describe('says which entry is wrong, and how', () => {
  it.each<[unknown, string]>([
    ['text', 'must be a map'],
    [[], 'must be a map'],
    [{ pod: [] }, 'pod: is not known here'],
    [{ pods: {} }, 'pods: must be a list'],
    [{ pods: [pod, 3] }, 'pods[1]: must be a map'],
    [{ pods: [{ addresses: ['10.0.0.1'] }] }, 'pods[0], name: is missing'],
    [{ pods: [{ ...pod, name: 5 }] }, 'pods[0], name: must be text; in YAML numbers want quotes'],
    [{ pods: [{ ...pod, name: '' }] }, 'pods[0] (), name: must not be empty'],
    [{ pods: [{ ...pod, adresses: [] }] }, 'pods[0] (web-1), adresses: is not known here'],
    [{ pods: [{ ...pod, addresses: ['10.244.1'] }] }, 'pods[0] (web-1), addresses[0]: is "10.244.1", which is no IP address'],
    [{ pods: [{ ...pod, addresses: [] }] }, 'pods[0] (web-1), addresses: must have at least one address'],
    [{ services: [{ name: 'api', ports: [{ port: 0 }] }] }, 'services[0] (api), ports[0].port: must be a port from 1 to 65535'],
    [{ services: [{ name: 'api', ports: [{ port: 80, protocol: 'TCP' }] }] }, 'services[0] (api), ports[0].protocol: must be tcp, udp or sctp'],
    [{ nodes: [{ name: '\x1b[2J', addresses: [1] }] }, 'nodes[0] (\\u{1b}[2J), addresses[0]: must be an IP address as text'],
    [{ nodes: new Array(MAX_ENTRIES + 1).fill({ name: 'n', addresses: ['1.1.1.1'] }) }, `has more than ${MAX_ENTRIES} entries`],
  ])('%#', (value, message) => {
    expect(() => parseNames(value)).toThrow(new NamesError(message));
  }); // prettier-ignore
});

it('of anything makes names or a NamesError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('pods', 'services', 'nodes'), (value, list) => {
      try {
        expect(Object.keys(parseNames({ [list]: [value] }))).toEqual(['pods', 'services', 'nodes']);
      } catch (error) {
        expect(error).toBeInstanceOf(NamesError);
      }
    }),
  );
});
