/** The recorded demo through a session, without a browser: at the pace of its frames' own times. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPace } from '../../../agent/recording/pace.ts';
import { readFrames } from '../../../agent/recording/reader.ts';
import { endLabel } from '../../../agent/trace/shape.ts';
import { podName } from '../../../test/lab/names.ts';
import { lengthOf, type Span } from '../lib/span.ts';
import type { View } from './messages.ts';
import { destinationLabel, sourceLabel, type RowShape } from './rows.ts';
import { createSession, type Session } from './session.ts';

const RECORDING = fileURLToPath(new URL('../../../test/fixtures/demo.hoplens', import.meta.url));
const START_MS = 1.7e12;

let frames: { bytes: Uint8Array; atMs: number }[];
beforeAll(async () => {
  frames = [];
  const dueMs = createPace();
  for await (const bytes of readFrames(RECORDING)) frames.push({ bytes, atMs: START_MS + dueMs(bytes) });
});

interface Played {
  session: Session;
  shapes: Map<number, RowShape>;
  look: (nowMs?: number) => View;
}

/** Plays this many seconds of it. */
function play(seconds: number, from: Played = start()): Played {
  const fromMs = START_MS + clockOf(from.session);
  for (let nowMs = fromMs; nowMs < START_MS + seconds * 1000; nowMs += 100) {
    for (const { bytes, atMs } of frames) if (atMs > nowMs - 100 && atMs <= nowMs) from.session.frame(bytes, atMs);
    from.session.tick(nowMs);
  }
  clocks.set(from.session, seconds * 1000);
  return from;
}

const clocks = new WeakMap<Session, number>();
const clockOf = (session: Session): number => clocks.get(session) ?? 0;

function start(): Played {
  const session = createSession();
  const shapes = new Map<number, RowShape>();
  const look = (nowMs = START_MS + clockOf(session)): View => {
    const view = session.view(nowMs);
    for (const shape of view.shapes) shapes.set(shape.id, shape);
    return view;
  };
  return { session, shapes, look };
}

const named = ({ shapes }: Played, view: View): Map<string, number> =>
  new Map(Array.from(view.rows.ids, (id, at) => [shapes.get(id)!.name, at]));

const PING = 'icmp:10.244.1.2>10.244.2.2';

describe('a session of the recorded demo', () => {
  let played: Played;
  let view: View;
  beforeAll(() => {
    played = play(15);
    view = played.look();
  });

  test('has a row for each path, by readable names', () => {
    const rows = named(played, view);
    const shape = played.shapes.get(view.rows.ids[rows.get(PING)!])!;
    expect(shape.hops.map((hop) => `${hop.node} ${hop.device}`)).toEqual([
      'n1 vethweb', 'n1 cni0', 'n1 flannel.1', 'n1 eth0', 'n2 eth0', 'n2 flannel.1', 'n2 cni0', 'n2 vethapi',
    ]); // prettier-ignore
    expect([shape.tunnel, shape.tunnelBytes]).toEqual(['vxlan', 50]);
    expect([...rows.keys()].some((name) => name.endsWith('10.244.2.2:80'))).toBe(true);
  });

  test('calls pods and Services by their names', () => {
    const rows = named(played, view);
    const labels = (name: string): string[] => {
      const shape = played.shapes.get(view.rows.ids[rows.get(name)!])!;
      return [sourceLabel(shape), destinationLabel(shape), endLabel(shape.ends.addressed, shape.addressed)];
    };
    const pod = (workload: string): string => `demo/${podName(workload)}`;
    expect(labels(PING)).toEqual([pod('web'), pod('api'), '']);
    expect(labels('tcp:10.244.1.2>10.244.2.2:80')).toEqual([pod('web'), `${pod('api')}:80`, 'service demo/api:80']);
  });

  test('has figures that rest on something', () => {
    expect(view.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(['n1 up', 'n2 up']);
    expect(view.counters.joined).toBeGreaterThan(100);
    expect(view.counters.joinableJoined).toBeLessThanOrEqual(view.counters.joinable);
    for (const at of view.rows.ids.keys()) {
      expect(view.rows.joined[at] + view.rows.lost[at]).toBeGreaterThan(0);
      if (view.rows.p50Ns[at] > view.rows.p99Ns[at]) throw new Error('p50 above p99');
    }
  });

  test('filters rows, and what cannot be parsed hides nothing', () => {
    played.session.setFilter('icmp');
    const icmp = played.look();
    expect([...named(played, icmp).keys()].every((name) => name.startsWith('icmp'))).toBe(true);
    expect(icmp.hidden + icmp.rows.ids.length).toBe(view.rows.ids.length);
    played.session.setFilter('port 8080');
    // The port that a Service's requests were sent to on, too.
    const both = ['tcp:10.244.1.2>10.244.2.2:80', 'tcp:10.244.2.2:8080>10.244.1.2'];
    expect([...named(played, played.look()).keys()]).toEqual(expect.arrayContaining(both));
    played.session.setFilter('src port 8080');
    const replies = [...named(played, played.look()).keys()];
    expect(replies).toContain(both[1]);
    expect(replies.every((name) => name.includes(':8080>'))).toBe(true);
    played.session.setFilter('src port 8080 and less 100');
    expect(named(played, played.look()).size).toBe(replies.length);
    played.session.setFilter('service:api');
    const through = [...named(played, played.look()).keys()];
    expect(through.length).toBeGreaterThan(0);
    expect(through.every((name) => name.includes(':10.244.2.2:8080>') || name.endsWith('>10.244.2.2:80'))).toBe(true);
    played.session.setFilter('(');
    expect(played.look().hidden).toBe(0);
  });

  test('tells what is in focus second by second, and all of it together is what the list counts', () => {
    played.session.setTime(PING, 'total');
    const { time, rows, span } = played.look();
    const at = named(played, view).get(PING)!;
    expect([time!.of, time!.axis]).toEqual([PING, span]);
    expect(time!.choices).toEqual(['total', 'bridge@n1', 'route@n1', 'encap', 'wire', 'decap', 'bridge@n2', 'route@n2'].toSorted(byFirst(time!.choices))); // prettier-ignore
    played.session.look(span);
    expect(sum(time!.joined)).toBe(played.look().rows.joined[at]);
    expect(rows.p99Ns[at]).toBeLessThanOrEqual(Math.max(...known(time!.p99Ns)));
    played.session.setTime(undefined, 'total');
    const all = played.look();
    expect([all.time!.of, sum(all.time!.joined)]).toEqual(['', sum(all.rows.joined)]);
    played.session.setFilter('icmp');
    const icmp = played.look();
    expect(sum(icmp.time!.joined)).toBe(sum(icmp.rows.joined));
    expect(played.look().time).toBeUndefined();
    played.session.setFilter('');
    played.session.look(undefined);
  });

  test('tells the times of one segment alone', () => {
    played.session.setTime(PING, 'encap');
    const encap = played.look().time!;
    played.session.setTime(PING, 'total');
    const total = played.look().time!;
    expect([encap.segment, sum(encap.joined)]).toEqual(['encap', sum(total.joined)]);
    expect(sum(encap.heat)).toBe(sum(encap.n));
    expect(Math.max(...known(encap.p50Ns))).toBeLessThan(Math.max(...known(total.p50Ns)));
  });
});

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0);
const known = (values: Float64Array): Float64Array => values.filter((value) => !Number.isNaN(value));
const byFirst = (order: string[]) => (a: string, b: string) => order.indexOf(a) - order.indexOf(b);

test('looking at a span one sees it whatever comes meanwhile, and afterwards what came', () => {
  const played = play(10);
  played.session.setWindow(10);
  played.session.setFocus(PING);
  const { span } = played.look();
  // By then all of it has been told.
  play(20, played);
  played.session.look(span);
  const before = played.look();
  expect([before.span, before.isLive]).toEqual([span, false]);
  expect(before.heldSeconds).toBeLessThan(lengthOf(span));
  play(25, played);
  const during = played.look();
  expect(during.since).toBeGreaterThan(50);
  for (const what of ['rows', 'counters', 'span'] as const) expect(during[what]).toEqual(before[what]);
  played.session.look(undefined);
  const after = played.look();
  const alone = play(25);
  alone.session.setWindow(10);
  const there = alone.look();
  const rows = named(alone, there);
  expect(after.span).toEqual(there.span);
  for (const [name, at] of named(played, after)) {
    expect([name, after.rows.joined[at]]).toEqual([name, there.rows.joined[rows.get(name)!]]);
  }
});

test('two halves of a span have together what the whole has', () => {
  const { session, look } = play(20);
  const sum = (span: Span): number => {
    session.look(span);
    return look().rows.joined.reduce((all, count) => all + count, 0);
  };
  const [from, middle, to] = [5, 9, 14].map((second) => START_MS / 1000 + second);
  expect(sum({ from, to: middle })).toBeGreaterThan(20);
  expect(sum({ from, to: middle }) + sum({ from: middle, to })).toBe(sum({ from, to }));
});

test('what is not held of a span is known, and what was shown last stays when nothing more comes', () => {
  const played = play(20);
  const last = played.look();
  played.session.end(START_MS + 20_000);
  play(40, played);
  expect(played.look().span).toEqual(last.span);
  expect(played.look().rows.joined.length).toBeGreaterThan(5);
  played.session.look({ from: last.held.from - 30, to: last.held.from + 5 });
  expect(played.look().heldSeconds).toBe(5);
});

test('single packets of the row in focus are held, the slowest first, and the one that is opened with its answer', () => {
  const played = play(15);
  const REQUESTS = 'tcp:10.244.1.2>10.244.2.2:80';
  played.session.setFocus(REQUESTS);
  const { packets, packetsHeld, rows, span } = played.look();
  expect(packetsHeld).toBeGreaterThanOrEqual(packets.length);
  const totals = packets.map(({ totalNs }) => totalNs).filter((totalNs) => !Number.isNaN(totalNs));
  expect(totals.length).toBeGreaterThan(2);
  expect(totals).toEqual(totals.toSorted((a, b) => b - a));
  const at = named(played, played.look()).get(REQUESTS)!;
  expect(rows.p99Ns[at]).toBeLessThanOrEqual(totals[0] * (65 / 64));
  const row = rows.ids[at];
  const query = {
    row,
    fromSecond: span.from,
    toSecond: span.to,
    fromNs: totals[0],
    toNs: totals[0] + 1,
    segment: 'total',
  };
  expect(played.session.pick(query).map(({ name }) => name)).toEqual([packets[0].name]);
  // A segment takes no longer than the whole, so none of them is that long.
  expect(played.session.pick({ ...query, segment: 'encap' })).toEqual([]);
  const encap = played.session.pick({ ...query, segment: 'encap@n1', fromNs: 0 }).map(({ name }) => {
    played.session.setPacket(name);
    return played.look().packet!.exchange!.packet.segments.find((segment) => segment.name === 'encap')!.durationNs;
  });
  expect(encap).toHaveLength(packetsHeld);
  expect(encap).toEqual(encap.toSorted((a, b) => b - a));
  const answered = packets.filter(({ name }) => {
    played.session.setPacket(name);
    const { exchange } = played.look().packet!;
    const { packet, reply } = exchange!;
    expect(packet.name).toBe(name);
    expect(packet.hops.map(({ destination }) => destination)).toContain('10.244.2.2:8080');
    return reply?.hops[0].source === '10.244.2.2:8080';
  });
  expect(answered.length).toBeGreaterThan(0);
  played.session.setPacket('0123456789abcdef@1');
  expect(played.look().packet).toEqual({ name: '0123456789abcdef@1', exchange: undefined });
});
