import { expect, test } from 'vitest';
import { parseFilter, type Subject } from '../../../agent/trace/filter.ts';
import { asksFor, nameWord, narrow } from './narrow.ts';

test('what was clicked is asked for, and clicked again no more', () => {
  const pod = narrow('tcp', ['pod:demo/web']);
  expect(pod).toBe('tcp pod:demo/web');
  expect(asksFor(pod, ['pod:demo/web'])).toBe(true);
  const both = narrow(pod, ['node:n1', 'host 10.0.0.1']);
  expect(both).toBe('tcp pod:demo/web node:n1 host 10.0.0.1');
  expect(narrow(both, ['node:n1', 'host 10.0.0.1'])).toBe(pod);
  expect(narrow(both, ['node:n1', 'device:eth0'])).toBe(`${both} device:eth0`);
});

test('alternatives stay together, and are never taken for what was clicked', () => {
  expect(narrow('tcp or udp', ['node:n1'])).toBe('(tcp or udp) node:n1');
  expect(asksFor('tcp or udp', ['udp'])).toBe(false);
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
