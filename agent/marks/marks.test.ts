import { expect, test } from 'vitest';
import type { Device, Hello, Names, RouteChange, Status } from '../wire/messages.ts';
import { createMarks, markText } from './marks.ts';

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
  return marks.within(ALL).map((mark) => `${mark.second - NOW_MS / 1000} ${markText(mark)}`);
}

test('what was there at first is no change', () => {
  const [begun, watched] = [device(3, 'veth1', { attached: false }), device(3, 'veth1')];
  const devices = { type: 'devices' as const, timeNs: 1, devices: [watched, device(4, 'veth2')] };
  expect(told(hello('1', [begun]), devices, status(1, 4), names([['web', '10.0.0.1']]))).toEqual([]);
  // To a reader that comes again the stream says so again.
  expect(told(hello('1', [begun]), devices, status(1, 4), hello('1', [begun]), devices)).toEqual([]);
});

test('devices that come, go and change are told', () => {
  const devices = [device(3, 'veth1', { up: false, mtu: 1400, addresses: ['10.0.0.1'] }), device(5, 'veth3')];
  expect(
    told(hello('1', [device(3, 'veth1'), device(4, 'veth2')]), status(1, 4), { type: 'devices', timeNs: 1, devices }),
  ).toEqual([
    '2 n1: veth2 (pod) is gone',
    '2 n1: veth1 is down',
    '2 n1: veth1 has MTU 1400, was 1450',
    '2 n1: veth1 has 10.0.0.1',
    '2 n1: veth3 (pod) is new',
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
  expect(marks.within(ALL).map(markText).slice(0, 3)).toEqual([
    'pod shop/api is gone',
    'pod shop/web has 10.0.0.9, was 10.0.0.1',
    'pod shop/db is new: 10.0.0.3',
  ]); // prettier-ignore
  expect(new Set(marks.within(ALL).map(markText)).size).toBe(marks.within(ALL).length);
});

test("each node's pods are its own to tell of, and Kubernetes' begin when it first tells of them", () => {
  const marks = createMarks();
  const none = names([]);
  const kubernetes = (pods: Parameters<typeof names>[0]) => ({ ...none, kubernetes: { ...names(pods), writtenMs: 0 } });
  for (const node of ['n1', 'n2']) marks.message(node, hello('1', []), NOW_MS);
  marks.message('n1', none, NOW_MS);
  marks.message('n1', kubernetes([['web', '10.0.0.1']]), NOW_MS);
  marks.message('n2', kubernetes([['api', '10.0.0.2']]), NOW_MS);
  marks.message('n1', kubernetes([['web', '10.0.0.1']]), NOW_MS);
  expect(marks.within(ALL)).toEqual([]);
  marks.message('n2', kubernetes([['db', '10.0.0.3']]), NOW_MS);
  // An agent that starts again has its file before it has Kubernetes' names.
  marks.message('n2', none, NOW_MS);
  marks.message('n2', kubernetes([['db', '10.0.0.3']]), NOW_MS);
  expect(marks.within(ALL).map(markText)).toEqual(['pod shop/api is gone', 'pod shop/db is new: 10.0.0.3']);
});

test('clocks that become unknown, or known otherwise; that one is found at first is no change', () => {
  const marks = createMarks();
  for (const source of [undefined, 'traffic', 'traffic', undefined, 'realtime'] as const)
    marks.clocks({ n1: {}, n2: { ...(source && { source }) } }, NOW_MS);
  expect(marks.within(ALL).map(markText)).toEqual(['n2: clock unknown', 'n2: clock known from realtime']);
});

test('each silence of an agent is told where it began and where it ended', () => {
  const marks = createMarks();
  for (const [awayMs, backMs] of [[5000, 8000], [9000, 12_000]] as const) {
    marks.away('n2', awayMs);
    marks.back('n2', backMs);
  } // prettier-ignore
  expect(marks.within({ from: 6, to: 12 }).map(({ second, text }) => `${second} ${text}`)).toEqual([
    '8 agent heard again',
    '9 agent not heard any more',
  ]);
});

test('told once each, a table that goes on changing when it has come to rest', () => {
  const marks = createMarks();
  const settled = (atMs: number): string[] => marks.settled(NOW_MS + atMs).map(markText);
  marks.message('n1', hello('1', []), NOW_MS);
  marks.message('n1', status(1, 4, { changes: table('nat', 12) }), NOW_MS + 1000);
  marks.message('n1', status(2, 5, { changes: table('nat', 1000) }), NOW_MS + 2000);
  expect(settled(3000)).toEqual(['n1: samples 1:32, was 1:16']);
  expect(settled(11_000)).toEqual(['n1: rules changed: table ip nat, 1,012 changes']);
  expect(settled(12_000)).toEqual([]);
  marks.message('n1', status(3, 5, { changes: table('nat', 1) }), NOW_MS + 13_000);
  expect([settled(13_000), settled(Infinity)]).toEqual([[], ['n1: rules changed: table ip nat, 1 change']]);
});
