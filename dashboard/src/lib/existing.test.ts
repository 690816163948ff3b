import { expect, test } from 'vitest';
import { unnamed, type Name } from '../../../agent/names/name.ts';
import { existingIn } from './existing.ts';

const name = (kind: Name['kind'], called: string): Name => ({
  id: 1, kind, name: called, namespace: 'shop', workload: null, node: null, port: 0,
}); // prettier-ignore

test('names once what the rows show', () => {
  const hop = { node: 'n1', device: 'eth0', kind: 'uplink', direction: 'egress', source: '', destination: '' } as const;
  const row = {
    ends: { ...unnamed(), source: name('pod', 'web'), addressed: name('service', 'api') },
    hops: [hop, { ...hop, node: 'n2' }], source: '10.244.1.2', destination: '10.244.2.2', addressed: '10.96.0.10', service: 80,
  }; // prettier-ignore
  const found = existingIn([row, { ...row, service: 0, addressed: '' }]);
  const lists = Object.entries(found).map(([what, names]) => [what, [...(names as Set<string>)]]);
  expect(Object.fromEntries(lists)).toEqual({
    pods: ['shop/web'], services: ['shop/api'], namespaces: ['shop'], nodes: ['n1', 'n2'], devices: ['eth0'],
    addresses: ['10.244.1.2', '10.244.2.2', '10.96.0.10'], ports: ['80'],
  }); // prettier-ignore
});
