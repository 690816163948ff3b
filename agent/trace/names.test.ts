/** Names on their way from the message to the terminal and to JSON. */
import { describe, expect, it } from 'vitest';
import { createAssembler, type Assembler } from '../paths/assemble.ts';
import { toJson, type JsonPath } from '../paths/json.ts';
import { createAgent, framesOf, podAddress, podFlow, podToPod, type Flow, type Written } from '../paths/synthetic.ts';
import { Kind } from '../paths/words.ts';
import type { Names, NamesMessage } from '../wire/messages.ts';
import { createGroups, type Group } from './groups.ts';
import { createLosses, drawLosses } from './losses.ts';
import { drawTable } from './ruler.ts';

const CLUSTER_IP = '10.96.0.10';
const HOSTILE = '<img onerror>\x1b[2J\u009b2J';

const names: Names = {
  pods: [
    { name: 'web-1', namespace: 'shop', workload: 'web', node: 'n1', addresses: [podAddress(0, 0)] },
    { name: 'api-1', namespace: 'shop', workload: 'api', node: 'n2', addresses: [podAddress(1, 0)] },
  ],
  services: [{ name: 'api', namespace: 'shop', addresses: [CLUSTER_IP], ports: [{ port: 80 }] }],
  nodes: [],
};

const namesMessage = (some: Names, writtenMs = 1): NamesMessage => ({ type: 'names', timeNs: 0, writtenMs, ...some });

/** HTTP from a pod of the first node to one of the second; `through` the Service, and its answers. */
function records(through: boolean, hops = 8): Written[] {
  const request = podFlow(0, 0, 1, 0, 6);
  const answer: Flow = { ...podFlow(1, 0, 0, 0, 6), sourcePort: 80, destinationPort: 40_000 };
  const ways = [
    { from: 0, to: 1, first: { ...request, ...(through && { destination: CLUSTER_IP }) }, then: request },
    { from: 1, to: 0, first: answer, then: { ...answer, ...(through && { source: CLUSTER_IP }) } },
  ];
  return Array.from({ length: 50 }, (_, i) => i).flatMap((i) =>
    ways.flatMap(({ from, to, first, then }) =>
      podToPod(from, 0, to, 0).slice(0, hops).map((hop, at) => ({
        ...hop, timeNs: 1e9 + i * 1e7 + from * 1e6 + at * 1000, identity: [i, from], flow: at < 2 ? first : then,
        kind: Kind.syn, level: 0,
      })),
    ),
  ); // prettier-ignore
}

interface Seen {
  paths: JsonPath[];
  groups: Group[];
  losses: string[];
  table: string[];
  assembler: Assembler;
}

function look(written: Written[], messages: NamesMessage[]): Seen {
  const paths: JsonPath[] = [];
  const groups = createGroups();
  const losses = createLosses();
  const assembler = createAssembler((view) => {
    paths.push(toJson(view));
    groups.add(view);
    losses.add(view);
  });
  const agents = [createAgent(0), createAgent(1)];
  // Out of order, as state comes to newcomers: numbered before the hello, behind which they come.
  const told = messages.map((message, node) => agents[node].message(1, message));
  const frames = [...told, ...framesOf(agents, written, 9000)];
  for (const frame of frames.sort((a, b) => a.atMs - b.atMs)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(9000);
  const table = drawTable(
    { groups: groups.list(), losses: losses.list(), changes: [], summary: assembler.summary() },
    200,
  );
  return { paths, groups: groups.list(), losses: drawLosses(losses.list(), 200), table, assembler };
}

describe('names of pods', () => {
  it('stand in JSON, and null where nobody said', () => {
    const [path] = look(records(false), [namesMessage({ ...names, pods: names.pods.slice(0, 1) })]).paths;
    expect(path.source).toEqual({
      ip: podAddress(0, 0), port: 40_000, pod: 'web-1', namespace: 'shop', workload: 'web', service: null, node: 'n1',
    });
    expect(path.destination).toEqual({
      ip: podAddress(1, 0), port: 80, pod: null, namespace: null, workload: null, service: null, node: 'n2',
    });
  }); // prettier-ignore

  it('stand in the table, with the addresses beside them', () => {
    const { table } = look(records(false), [namesMessage(names)]);
    expect(table[0]).toBe('shop/web-1 ▶ shop/api-1  n1 → n2  tcp  n 50');
    expect(table[1]).toMatch(/^ 10\.244\.1\.2 ─┬.*─ 10\.244\.2\.2$/);
  });

  it('stand beside what was lost', () => {
    const { losses } = look(records(false, 4), [namesMessage(names)]);
    expect(losses[0]).toBe(' 50 × vanished behind n1 eth0  shop/web-1 ▶ shop/api-1  tcp');
  });
});

describe('names of Kubernetes', () => {
  const none: Names = { pods: [], services: [], nodes: [] };
  const ofPod = (at: number): NonNullable<NamesMessage['kubernetes']> => ({
    pods: [names.pods[at]],
    services: [],
    writtenMs: 2,
  });

  it('stand where no file says otherwise, each of its own node', () => {
    const messages = [0, 1].map((at) => ({ ...namesMessage(none), kubernetes: ofPod(at) }));
    const [path] = look(records(false), messages).paths;
    expect([path.source, path.destination]).toMatchObject([{ pod: 'web-1', workload: 'web' }, { pod: 'api-1' }]);
    const file = { ...none, pods: [{ name: 'mine', addresses: [podAddress(1, 0)] }] };
    const [other] = look(records(false), [{ ...namesMessage(file), kubernetes: ofPod(0) }, messages[1]]).paths;
    expect([other.source.pod, other.destination.pod]).toEqual(['web-1', 'mine']);
  });

  it('that break the rules are garbage, and what was known stays', () => {
    const bad = {
      ...namesMessage(none),
      kubernetes: { pods: [{ name: '', addresses: [] }], services: [], writtenMs: 3 },
    };
    const [path] = look(records(false), [namesMessage(names), bad]).paths;
    expect([path.source.pod, path.destination.pod]).toEqual(['web-1', 'api-1']);
  });
});

describe('a Service', () => {
  const { paths, table } = look(records(true), [namesMessage(names)]);

  it('is told by the address that its client sees, in both directions', () => {
    const [request, answer] = [paths.find((path) => path.source.node === 'n1')!, paths.find((path) => path.source.node === 'n2')!]; // prettier-ignore
    expect(request.destination).toMatchObject({ ip: podAddress(1, 0), pod: 'api-1', service: 'api' });
    expect(request.source).toMatchObject({ pod: 'web-1', service: null });
    expect(answer.source).toMatchObject({ ip: podAddress(1, 0), pod: 'api-1', service: 'api' });
    expect(answer.destination).toMatchObject({ pod: 'web-1', service: null });
  });

  it('stands in the table as what was addressed', () => {
    expect(table).toContain('shop/web-1 ▶ shop/api-1 (as service shop/api:80)  n1 → n2  tcp  n 50');
  });

  it('is whom a packet was for that was lost before anybody chose a pod', () => {
    const { paths: lost, losses } = look(records(true, 2), [namesMessage(names)]);
    expect(lost[0].destination).toMatchObject({ ip: CLUSTER_IP, pod: null, namespace: 'shop', service: 'api' });
    expect(losses[0]).toContain('shop/web-1 ▶ service shop/api:80');
  });
});

describe('names from outside', () => {
  it('send nothing to the terminal but what can be seen', () => {
    const hostile = { ...names, pods: names.pods.map((pod) => ({ ...pod, name: HOSTILE, namespace: HOSTILE })) };
    const { table, paths } = look(records(false), [namesMessage(hostile)]);
    const { losses } = look(records(false, 4), [namesMessage(hostile)]);
    expect(table[0]).toContain('/<img onerror>\\u{1b}[2J\\u{9b}2J ▶ ');
    // eslint-disable-next-line no-control-regex
    expect([...table, ...losses, JSON.stringify(paths)].join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });

  it('that break the rules are a bad frame', () => {
    const broken = namesMessage({ ...names, pods: 3 as never });
    const { assembler, paths } = look(records(false), [broken]);
    expect(assembler.intake().garbage).toBe(1);
    expect(paths[0].source.pod).toBeNull();
  });

  it('that contradict each other are counted', () => {
    const other = { ...names, pods: [{ ...names.pods[0], name: 'web-2' }] };
    const { assembler, table } = look(records(false), [namesMessage(names, 1), namesMessage(other, 2)]);
    expect(assembler.summary().names).toEqual({ addresses: 9, contradictions: 1 });
    expect(table[0]).toContain('shop/web-2 ▶ shop/api-1');
    expect(table.join('\n')).toContain('named differently 1');
  });
});

it('a pod that takes over an address has paths of its own', () => {
  const groups = createGroups();
  const assembler = createAssembler((view) => groups.add(view));
  const agents = [createAgent(0), createAgent(1)];
  const moved = { ...names, pods: [{ ...names.pods[0], name: 'web-2' }, names.pods[1]] };
  const later = records(false).map((record): Written => ({
    ...record, timeNs: record.timeNs + 7.5e9, identity: [record.identity[0] + 100, record.identity[1]],
  })); // prettier-ignore
  const told = [agents[0].message(1, namesMessage(names)), agents[0].message(8000, namesMessage(moved, 2))];
  const frames = [...told, ...framesOf(agents, [...records(false), ...later], 12_000)];
  for (const frame of frames.sort((a, b) => a.atMs - b.atMs)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(12_000);
  const counts = groups.list().map(({ ends, count }) => [ends.source?.name, ends.destination?.name, count]);
  expect(counts).toEqual(expect.arrayContaining([['web-1', 'api-1', 50], ['web-2', 'api-1', 50]])); // prettier-ignore
});
