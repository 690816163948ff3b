/** The recorded demo through a session, without a browser: at the pace of its frames' own times. */
import { beforeAll, describe, expect, test } from 'vitest';
import { RECORDING } from '../../../test/fixtures/recording.ts';
import { createPace } from '../../../agent/recording/pace.ts';
import { readFrames } from '../../../agent/recording/reader.ts';
import { endLabel } from '../../../agent/trace/shape.ts';
import { podName } from '../../../test/lab/names.ts';
import { lengthOf, type Span } from '../lib/span.ts';
import type { View } from './messages.ts';
import { destinationLabel, sourceLabel } from './rows.ts';
import { createSession, type Session } from './session.ts';
import { rowsOf, type ShownRows } from './testing.ts';

const START_MS = 1.7e12;

let frames: { bytes: Uint8Array; atMs: number }[];
beforeAll(async () => {
  frames = [];
  const dueMs = createPace();
  for await (const bytes of readFrames(RECORDING)) frames.push({ bytes, atMs: START_MS + dueMs(bytes) });
});

interface Played {
  session: Session;
  look: () => View;
  rows: () => ShownRows;
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
  const nowMs = (): number => START_MS + clockOf(session);
  return { session, look: () => session.view(nowMs()), rows: () => rowsOf(session, nowMs()) };
}

const joined = (rows: ShownRows): number => sum([...rows.values()].map(({ figures }) => figures.joined));

const PING = 'icmp:10.244.1.2>10.244.2.2';

describe('a session of the recorded demo', () => {
  let played: Played;
  let view: View;
  let rows: ShownRows;
  beforeAll(() => {
    played = play(15);
    view = played.look();
    rows = played.rows();
  });

  test('has a row for each path, by readable names', () => {
    const { shape } = rows.get(PING)!;
    expect(shape.hops.map((hop) => `${hop.node} ${hop.device}`)).toEqual([
      'n1 vethweb', 'n1 cni0', 'n1 flannel.1', 'n1 eth0', 'n2 eth0', 'n2 flannel.1', 'n2 cni0', 'n2 vethapi',
    ]); // prettier-ignore
    expect([shape.tunnel, shape.tunnelBytes]).toEqual(['vxlan', 50]);
    expect([...rows.keys()].some((name) => name.endsWith('10.244.2.2:80'))).toBe(true);
  });

  test('calls pods and Services by their names', () => {
    const labels = (name: string): string[] => {
      const { shape } = rows.get(name)!;
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
    for (const { figures } of rows.values()) {
      expect(figures.joined + figures.lost).toBeGreaterThan(0);
      if (figures.p50Ns > figures.p99Ns) throw new Error('p50 above p99');
    }
    expect(view.list.paths).toBe(rows.size);
    // Before anybody chose, one that goes across nodes.
    expect(view.focus!.shape.tunnelBytes).toBe(50);
  });

  test('what the tunnel adds is what it is reckoned to add to the same packets, of every size', () => {
    let mixed = 0;
    for (const [focus, { shape, figures }] of rows) {
      if (shape.tunnel !== 'vxlan') continue;
      played.session.choose({ focus });
      const { costs } = played.look().encapsulation!;
      expect([focus, shape.tunnelBytes / figures.innerBytes]).toEqual([
        focus,
        expect.closeTo(costs.find(({ name }) => name === 'VXLAN')!.share, 3),
      ]);
      if (focus.startsWith('tcp')) mixed++;
    }
    expect(mixed).toBeGreaterThan(2);
    played.session.choose({ focus: undefined });
  });

  test('filters rows, and what cannot be parsed hides nothing', () => {
    const names = (): string[] => [...played.rows().keys()];
    played.session.choose({ filter: 'icmp' });
    const icmp = names();
    expect(icmp.every((name) => name.startsWith('icmp'))).toBe(true);
    expect(played.look().hidden + icmp.length).toBe(rows.size);
    played.session.choose({ filter: 'port 8080' });
    // The port that a Service's requests were sent to on, too.
    const both = ['tcp:10.244.1.2>10.244.2.2:80', 'tcp:10.244.2.2:8080>10.244.1.2'];
    expect(names()).toEqual(expect.arrayContaining(both));
    played.session.choose({ filter: 'src port 8080' });
    const replies = names();
    expect(replies).toContain(both[1]);
    expect(replies.every((name) => name.includes(':8080>'))).toBe(true);
    played.session.choose({ filter: 'src port 8080 and less 100' });
    expect(names().length).toBe(replies.length);
    played.session.choose({ filter: 'service:api' });
    const through = names();
    expect(through.length).toBeGreaterThan(0);
    expect(through.every((name) => name.includes(':10.244.2.2:8080>') || name.endsWith('>10.244.2.2:80'))).toBe(true);
    played.session.choose({ filter: '(' });
    expect(played.look().hidden).toBe(0);
  });

  test('tells what is in focus second by second, and all of it together is what the list counts', () => {
    played.session.choose({ timeOf: PING, segment: 'total' });
    const { time, span } = played.look();
    expect([time!.of, time!.axis]).toEqual([PING, span]);
    expect(time!.choices).toEqual(['total', 'bridge@n1', 'route@n1', 'encap', 'wire', 'decap', 'bridge@n2', 'route@n2'].toSorted(byFirst(time!.choices))); // prettier-ignore
    played.session.choose({ span, axis: undefined });
    const { figures } = played.rows().get(PING)!;
    expect(sum(time!.joined)).toBe(figures.joined);
    expect(figures.p99Ns).toBeLessThanOrEqual(Math.max(...known(time!.p99Ns)));
    played.session.choose({ timeOf: undefined, segment: 'total' });
    const all = played.look();
    expect([all.time!.of, sum(all.time!.joined)]).toEqual(['', joined(played.rows())]);
    played.session.choose({ filter: 'icmp' });
    const icmp = played.look();
    expect(sum(icmp.time!.joined)).toBe(joined(played.rows()));
    expect(played.look().time).toBeUndefined();
    played.session.choose({ filter: '' });
    played.session.choose({ span: undefined, axis: undefined });
  });

  test('tells the times of one segment alone', () => {
    played.session.choose({ timeOf: PING, segment: 'encap' });
    const encap = played.look().time!;
    played.session.choose({ timeOf: PING, segment: 'total' });
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
  played.session.choose({ window: 10 });
  played.session.choose({ focus: PING });
  const { span } = played.look();
  // By then all of it has been told.
  play(20, played);
  played.session.choose({ span, axis: undefined });
  const before = { ...played.look(), rows: played.rows() };
  expect([before.span, before.isLive]).toEqual([span, false]);
  expect(before.heldSeconds).toBeLessThan(lengthOf(span));
  play(25, played);
  const during = { ...played.look(), rows: played.rows() };
  expect(during.since).toBeGreaterThan(50);
  for (const what of ['rows', 'counters', 'span'] as const) expect(during[what]).toEqual(before[what]);
  played.session.choose({ span: undefined, axis: undefined });
  const after = played.look();
  const alone = play(25);
  alone.session.choose({ window: 10 });
  const there = alone.look();
  expect(after.span).toEqual(there.span);
  const counts = (rows: ShownRows): [string, number][] =>
    [...rows].map(([name, { figures }]): [string, number] => [name, figures.joined]).toSorted();
  expect(counts(played.rows())).toEqual(counts(alone.rows()));
});

test('two halves of a span have together what the whole has', () => {
  const { session, rows } = play(20);
  const sum = (span: Span): number => {
    session.choose({ span, axis: undefined });
    return joined(rows());
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
  expect(played.look().list.paths).toBeGreaterThan(5);
  played.session.choose({ span: { from: last.held.from - 30, to: last.held.from + 5 }, axis: undefined });
  expect(played.look().heldSeconds).toBe(5);
});

test('single packets of the row in focus are held, the slowest first, and the one that is opened with its answer', () => {
  const played = play(15);
  const REQUESTS = 'tcp:10.244.1.2>10.244.2.2:80';
  played.session.choose({ focus: REQUESTS });
  const { packets, packetsHeld, focus, span } = played.look();
  expect(packetsHeld).toBeGreaterThanOrEqual(packets.length);
  const totals = packets.map(({ totalNs }) => totalNs).filter((totalNs) => !Number.isNaN(totalNs));
  expect(totals.length).toBeGreaterThan(2);
  expect(totals).toEqual(totals.toSorted((a, b) => b - a));
  expect(focus!.figures!.p99Ns).toBeLessThanOrEqual(totals[0] * (65 / 64));
  const query = {
    row: focus!.shape.id,
    fromSecond: span.from,
    toSecond: span.to,
    fromNs: totals[0],
    toNs: totals[0] + 1,
    segment: 'total',
  };
  expect(played.session.ask.pick(query).map(({ name }) => name)).toEqual([packets[0].name]);
  // A segment takes no longer than the whole, so none of them is that long.
  expect(played.session.ask.pick({ ...query, segment: 'encap' })).toEqual([]);
  const encap = played.session.ask.pick({ ...query, segment: 'encap@n1', fromNs: 0 }).map(({ name }) => {
    played.session.choose({ packet: name });
    return played.look().packet!.exchange!.packet.segments.find((segment) => segment.name === 'encap')!.durationNs;
  });
  expect(encap).toHaveLength(packetsHeld);
  expect(encap).toEqual(encap.toSorted((a, b) => b - a));
  const answered = packets.filter(({ name }) => {
    played.session.choose({ packet: name });
    const { exchange } = played.look().packet!;
    const { packet, reply } = exchange!;
    expect(packet.name).toBe(name);
    expect(packet.hops.map(({ destination }) => destination)).toContain('10.244.2.2:8080');
    return reply?.hops[0].source === '10.244.2.2:8080';
  });
  expect(answered.length).toBeGreaterThan(0);
  played.session.choose({ packet: '0123456789abcdef@1' });
  expect(played.look().packet).toEqual({ name: '0123456789abcdef@1', exchange: undefined });
});
