import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Device, Hello, Names, RouteChange, Status } from '../../../agent/wire/messages.ts';
import { awayMarks, groupMarks } from '../lib/marks.ts';
import type { NodeHealth } from './health.ts';
import { createMarks, type Mark } from './marks.ts';

const NOW_MS = 1.7e12;
const ALL = { from: 0, to: 1e10 };

const device = (ifindex: number, name: string, more: Partial<Device> = {}): Device => ({
  ifindex, name, kind: 'pod', linkType: 'veth', mtu: 1450, mac: '', up: true, addresses: [], master: 0, attached: true,
  foreignPrograms: { ingress: 0, egress: 0 }, ...more,
}); // prettier-ignore
const hello = (startedAt: string, devices: Device[], bootId = 'a'): Hello =>
  ({ type: 'hello', startedAt, devices, hoplens: '1', kernel: { bootId } }) as unknown as Hello;
const status = (timeNs: number, marks: number, more: Partial<Status> = {}): Status =>
  ({ type: 'status', timeNs, exponents: [{ fromNs: 0, marks }], blind: [], ...more }) as unknown as Status;
const names = (pods: [name: string, address: string][]) => ({
  type: 'names' as const, timeNs: 0, writtenMs: 0, nodes: [], services: [],
  pods: pods.map(([name, address]): Names['pods'][number] => ({ name, namespace: 'shop', addresses: [address] })),
}); // prettier-ignore

function told(...messages: (Parameters<ReturnType<typeof createMarks>['message']>[1] | [string, never])[]): string[] {
  const marks = createMarks();
  messages.forEach((message, at) => marks.message('n1', message as Hello, NOW_MS + at * 1000));
  return marks.within(ALL).map(({ second, text }) => `${second - NOW_MS / 1000} ${text}`);
}

test('what was there at first is no change', () => {
  expect(told(hello('1', [device(3, 'veth1')]), hello('1', [device(3, 'veth1')]), status(1, 4), names([['web', '10.0.0.1']]))).toEqual([]); // prettier-ignore
});

test('devices that come, go and change are told', () => {
  const devices = [device(3, 'veth1', { up: false, mtu: 1400, addresses: ['10.0.0.1'] }), device(5, 'veth3')];
  expect(told(hello('1', [device(3, 'veth1'), device(4, 'veth2')]), { type: 'devices', timeNs: 1, devices })).toEqual([
    '1 n1: veth2 (pod) is gone',
    '1 n1: veth1 is down',
    '1 n1: veth1 has MTU 1400, was 1450',
    '1 n1: veth1 has 10.0.0.1',
    '1 n1: veth3 (pod) is new',
  ]);
});

test('an agent that starts again, a node that does, and what they sample', () => {
  expect(told(hello('1', []), status(1, 2), status(2, 5), status(2, 7), hello('2', []), hello('3', [], 'b'))).toEqual([
    '2 n1: samples 1:32, was 1:4',
    '4 n1: agent started again',
    '5 n1: the node started again',
  ]);
  const blind = [{ fromNs: 0, toNs: 1, reason: 'ring full' as const }];
  expect(told(hello('1', []), status(1, 2, { blind, suspended: [{ timeNs: 0, ns: 3e9 }] }))).toEqual([
    '1 n1: records lost by us (ring full)',
    '1 n1: stood still for 3000 ms',
  ]);
});

const table = (name: string, changes: number): NonNullable<Status['changes']> => ({
  rules: { tables: [{ family: 'ip', table: name, changes }] },
});

test('a sync that two statuses tell of is one change, and so is a table that never rests, for a while', () => {
  const syncs = [12, 1000].map((changes, at) => status(at + 1, 4, { changes: table('kube-proxy', changes) }));
  expect(told(hello('1', []), ...syncs, ...syncs)).toEqual(['1 n1: rules changed: table ip kube-proxy, 1,012 changes']);
  const restless = Array.from({ length: 25 }, (_, at) => status(at + 1, 4, { changes: table('nat', 1) }));
  expect(told(hello('1', []), ...restless)).toEqual([
    '1 n1: rules changed: table ip nat, 10 changes',
    '11 n1: rules changed: table ip nat, 10 changes',
    '21 n1: rules changed: table ip nat, 5 changes',
  ]);
});

test('a route that changed, with the device it leads to', () => {
  const examples: RouteChange[] = [{ change: 'new', destination: '10.9.0.0/16', gateway: '10.1.2.4', ifindex: 3, table: 254 }]; // prettier-ignore
  const changes = { routes: { new: 1, replaced: 0, gone: 0, policies: 0, examples } };
  expect(told(hello('1', [device(3, 'eth0')]), status(1, 4, { changes }))).toEqual([
    '1 n1: route 10.9.0.0/16 via 10.1.2.4 on eth0 is new',
  ]);
});

test('marks of one kind, however many, push out none of another', () => {
  const many = Array.from({ length: 1500 }, (_, at) => status(at + 2, 4, { changes: table(`t${at}`, 1) }));
  const marks = told(hello('1', []), hello('2', []), ...many);
  expect(marks.length).toBe(1001);
  expect([marks[0], marks[1], marks.at(-1)]).toEqual([
    '1 n1: agent started again',
    '502 n1: rules changed: table ip t500, 1 change',
    '1501 n1: rules changed: table ip t1499, 1 change',
  ]);
});

test('pods by their names, once, whichever agents tell of them', () => {
  const marks = createMarks();
  const before = names([['web', '10.0.0.1'], ['api', '10.0.0.2']]); // prettier-ignore
  const after = names([['web', '10.0.0.9'], ['db', '10.0.0.3']]); // prettier-ignore
  for (const node of ['n1', 'n2']) marks.message(node, hello('1', []), NOW_MS);
  for (const message of [before, before, after, before, after])
    for (const node of ['n1', 'n2']) marks.message(node, message, NOW_MS);
  expect(marks.within(ALL).map(({ text }) => text).slice(0, 3)).toEqual([
    'pod shop/api is gone',
    'pod shop/web has 10.0.0.9, was 10.0.0.1',
    'pod shop/db is new: 10.0.0.3',
  ]); // prettier-ignore
  expect(new Set(marks.within(ALL).map(({ text }) => text)).size).toBe(marks.within(ALL).length);
});

test('clocks that become known otherwise, or unknown', () => {
  const marks = createMarks();
  for (const clockSource of ['', 'traffic', 'traffic', ''])
    marks.clocks([{ name: 'n2', clockSource } as NodeHealth], NOW_MS);
  expect(marks.within(ALL).map(({ text }) => text)).toEqual(['n2: clock known from traffic', 'n2: clock unknown']);
});

test('marks that are dense stand in groups: none is lost, and no two are nearer than a mark is wide', () => {
  const axis = { from: 1000, to: 1600 };
  const all = fc.array(fc.integer({ min: axis.from, max: axis.to - 1 }), { maxLength: 200 });
  fc.assert(
    fc.property(all, fc.integer({ min: 200, max: 2000 }), (seconds, width) => {
      const marks = seconds.map((second): Mark => ({ second, kind: 'device', text: String(second) }));
      const groups = groupMarks(marks, axis, width);
      expect(groups.flatMap((group) => group.marks).length).toBe(marks.length);
      groups.forEach((group, at) => {
        if (at > 0) expect(((group.from - groups[at - 1].from) / 600) * width).toBeGreaterThanOrEqual(12);
      });
    }),
  );
});

test('an agent that was away is marked where it left and where it came back', () => {
  const nodes = [{ name: 'n2', away: [{ fromMs: 5000, toMs: 9000 }, { fromMs: 12_000, toMs: Infinity }] }] as NodeHealth[]; // prettier-ignore
  expect(awayMarks(nodes, { from: 6, to: 20 }).map(({ second }) => second)).toEqual([9, 12]);
});
