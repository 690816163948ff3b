import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Name } from '../../../agent/names/name.ts';
import { conditionsIn, parseFilter, type Subject } from '../../../agent/trace/filter.ts';
import { asking, nameWord, narrow } from './narrow.ts';

test('what was clicked is asked for, and clicked again no more', () => {
  const pod = narrow('tcp', ['pod:demo/web']);
  expect(pod).toBe('tcp pod:demo/web');
  expect(asking(pod)(['pod:demo/web'])).toBe(true);
  const both = narrow(pod, ['node:n1', 'host 10.0.0.1']);
  expect(both).toBe('tcp pod:demo/web node:n1 host 10.0.0.1');
  expect(narrow(both, ['node:n1', 'host 10.0.0.1'])).toBe(pod);
  expect(narrow(both, ['node:n1', 'device:eth0'])).toBe(`${both} device:eth0`);
});

test('alternatives stay together, and are never taken for what was clicked', () => {
  expect(narrow('tcp or udp', ['node:n1'])).toBe('(tcp or udp) node:n1');
  expect(narrow('(tcp or udp) node:n1', ['node:n1'])).toBe('tcp or udp');
  expect(asking('tcp or udp')(['udp'])).toBe(false);
});

test.each([
  ['tcp and pod:x', 'pod:x', 'tcp'],
  ['tcp && port 80', 'pod:x', 'tcp and port 80 pod:x'],
  ['not node:n1', 'node:n1', 'not node:n1 node:n1'],
  ['(tcp and pod:x)', 'POD:x', 'tcp'],
  ['tcp', 'host 10.0.0.1', 'tcp and host 10.0.0.1'],
  ['host  10.0.0.1', 'host 10.0.0.1', ''],
  ['src host 10.0.0.1 and dst host 10.0.0.1', 'pod:x', 'src host 10.0.0.1 dst host 10.0.0.1 pod:x'],
  ['port 80 and 443', 'port 80', 'port 80 and 443 port 80'],
  ['port 80 443', '443', 'port 80'],
  ['tcp and', 'pod:x', 'pod:x'],
])('%j with a click on %s is %j', (filter, word, after) => {
  expect(narrow(filter, [word])).toBe(after);
});

const conditions = [
  'tcp', 'udp', 'icmp', 'ip', 'pod:demo/web', 'node:n1', 'device:eth0', 'verdict:dropped', 'latency > 5ms', 'host 10.0.0.1',
  'src or dst host 10.0.0.2', 'port 80', 'tcp port 443', '443', '10.0.0.1', 'web', 'net 10.0.0.0/24', 'less 100',
  'tcp[13] & (2) != 0', 'ip multicast', 'port 80 and 443', '10.0.0.2 or 10.0.0.1',
]; // prettier-ignore
const { filters } = fc.letrec<{ filters: string }>((tie) => ({
  filters: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...conditions),
    fc.tuple(tie('filters'), fc.constantFrom(' ', ' and ', ' && ', ' or '), tie('filters')).map((parts) => parts.join('')),
    tie('filters').map((filter) => `(${filter})`),
    tie('filters').map((filter) => `not ${filter}`),
  ),
})); // prettier-ignore
const addresses = fc.subarray(['10.0.0.1', '10.0.0.2', '10.0.1.1']);
const ports = fc.subarray([80, 443]);
const pod: Name = { id: 1, kind: 'pod', name: 'web', namespace: 'demo', workload: null, node: 'n1', port: 0 };
const subjects: fc.Arbitrary<Subject> = fc.record({
  protocol: fc.constantFrom('tcp', 'udp', 'icmp'), sources: addresses, destinations: addresses, sourcePorts: ports,
  destinationPorts: ports, nodes: fc.subarray(['n1', 'n2', 'web']), devices: fc.subarray(['eth0', 'veth443']),
  names: fc.subarray([pod]), verdict: fc.constantFrom('delivered', 'dropped'), 
  latencyNs: fc.constantFrom({ least: NaN, most: NaN }, { least: 1e6, most: 1e7 }),
}); // prettier-ignore
const some = fc.array(subjects, { minLength: 5, maxLength: 20 });
const isRight = (filter: string): boolean => conditionsIn(filter) !== undefined;

test('a click narrows, and a second one takes that back', () => {
  fc.assert(
    fc.property(filters.filter(isRight), fc.constantFrom(...conditions.slice(0, -2)), some, (filter, word, all) => {
      const accepted = (text: string): Subject[] => all.filter(parseFilter(text));
      const once = narrow(filter, [word]);
      if (asking(filter)([word])) expect(accepted(once)).toEqual(expect.arrayContaining(accepted(filter)));
      else expect(accepted(once)).toEqual(accepted(filter).filter(parseFilter(word)));
      expect(asking(once)([word])).toBe(!asking(filter)([word]));
      expect(accepted(narrow(once, [word]))).toEqual(accepted(filter));
    }),
    { numRuns: 1000 },
  );
});

test('a name that is no word still asks for what is called so', () => {
  const word = nameWord('pod', 'x/<img src=x onerror=alert(1)>');
  const name = { id: 1, kind: 'pod', name: '<img src=x onerror=alert(1)>', namespace: 'x' } as const;
  const filter = parseFilter(narrow('', [word]));
  const subject: Subject = {
    protocol: 'tcp', sources: ['10.0.0.1'], destinations: ['10.0.0.2'], sourcePorts: [], destinationPorts: [], nodes: [],
    devices: [], names: [], verdict: 'delivered', latencyNs: { least: 1, most: 1 },
  }; // prettier-ignore
  expect(filter({ ...subject, names: [{ ...name, workload: null, node: null, port: 0 }] })).toBe(true);
  expect(filter(subject)).toBe(false);
  expect(parseFilter(narrow('host 10.0.0.1', ['host 10.0.0.2']))(subject)).toBe(true);
});
