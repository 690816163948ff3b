import { expect, it } from 'vitest';
import { awaitReply, type Answerable, type Awaiting } from '../packets/awaiting.ts';
import type { Exchange, Packet } from '../packets/packet.ts';
import { createAssembler } from '../paths/assemble.ts';
import type { JsonPath } from '../paths/json.ts';
import { framesOfPings, ping, pastFeed } from './testing.ts';
import type { LossWords } from './loss-words.ts';
import type { JsonReply } from './one.ts';
import type { TraceOptions } from './options.ts';
import { runTrace } from './run.ts';
import { drawExchange } from './waterfall.ts';

const pings = Array.from({ length: 100 }, (_, i) => [0, 1].flatMap((from) => ping(i, from, 1e9 + i * 1e7 + from * 5e5))).flat(); // prettier-ignore

/** A ping from the first node when clocks are known, and the next one from the other. */
function oneExchange(): Exchange {
  let awaiting: Awaiting | undefined;
  const assembler = createAssembler((view) => {
    awaiting?.see(view);
    if (view.identityLow === 98 && view.streams[0].name === 'n1') awaiting = awaitReply(view);
  });
  for (const { bytes, atMs } of framesOfPings(pings, 4000)) {
    assembler.push(bytes, atMs);
    assembler.advance(atMs);
  }
  assembler.flush(4000);
  return awaiting!.read();
}

const exchange = oneExchange();
const packet = { ...exchange.packet, wallMs: new Date(2026, 10, 26, 3, 12, 5, 42).getTime() };
const drawPacket = (one: Packet, words: LossWords | undefined, columns: number): string[] =>
  drawExchange({ packet: one, reply: undefined, turnaroundNs: NaN, roundTripNs: NaN }, 'lost', words, columns);

it('draws a line for each hop, with what it took to get there', () => {
  expect(drawPacket(packet, undefined, 100)).toEqual([
    '10.244.1.2 ▶ 10.244.2.2  n1 → n2  03:12:05.042',
    'icmp message · 1:1 followed · 0000000000000062',
    '',
    '      + ns  node  device         bytes            segment  took',
    '        +0  n1    veth0 in       98 B',
    '                  10.244.1.2 ▶ 10.244.2.2',
    '      +800        cni0 in        98 B             bridge   800 ns        ██',
    '    +2,900        flannel.1 out  98 B             route    2.1 µs          ██',
    '    +6,800        eth0 out       148 B = 98 + 50  encap    3.9 µs            ████',
    ' ≈ +47,800  n2    eth0 in        148 B = 98 + 50  wire     41 µs ±53 µs          ░░░░░░░░░░░░░░░░░░',
    ' ≈ +51,000        flannel.1 in   98 B             decap    3.2 µs                            ███',
    ' ≈ +52,900        cni0 out       98 B             route    1.9 µs                               ██',
    ' ≈ +53,800        veth0 out      98 B             bridge   900 ns                                 ██',
    '',
    ' delivered at n2 veth0 · total 53.8 µs ±53 µs · vxlan +50 B',
  ]);
});

it('draws what came back behind it, with the time in the pod and the whole, each by one clock', () => {
  expect([exchange.turnaroundNs, exchange.roundTripNs]).toEqual([446_200, 553_800]);
  const lines = drawExchange({ ...exchange, packet }, 'yes', undefined, 100);
  expect(lines.slice(12, 17)).toEqual([
    '  ≈ +53,800        veth0 out        98 B             bridge      900 ns                  █',
    ' ≈ +500,000  n2    ◂ veth0 in       98 B             in the pod  446 µs                   ┄',
    '                   10.244.2.2 ▶ 10.244.1.2',
    ' ≈ +500,800        ◂ cni0 in        98 B             bridge      800 ns                    █',
    ' ≈ +502,900        ◂ flannel.1 out  98 B             route       2.1 µs                     █',
  ]);
  expect(lines[18]).toBe(
    '   +547,800  n1    ◂ eth0 in        148 B = 98 + 50  wire        41 µs ±53.1 µs               ░░░░░░',
  );
  expect(lines.slice(-5)).toEqual([
    ' delivered at n2 veth0 · total 53.8 µs ±53 µs · vxlan +50 B',
    '',
    ' ◂ the next packet back: icmp message · 1:1 followed · 0000000100000062',
    '   delivered at n1 veth0 · total 53.8 µs ±53.1 µs · vxlan +50 B',
    ' round trip 554 µs, of it in the pod 446 µs: each by one clock',
  ]);
});

it('says why nothing is known of what came back', () => {
  const none = { packet, reply: undefined, turnaroundNs: NaN, roundTripNs: NaN };
  const last = (answerable: Answerable, exponent = 0): string =>
    drawExchange({ ...none, packet: { ...packet, exponent } }, answerable, undefined, 100).at(-1)!;
  expect(last('yes')).toBe(' no reply is known: nothing came back that was seen');
  expect(last('yes', 6)).toBe(' no reply is known: nothing came back that was seen, and 1 in 64 is followed');
  expect(last('reply')).toBe(' on the way back itself: no reply is awaited');
  expect(last('end unseen')).toBe(' no reply is known: where it arrived was not seen');
  expect(last('lost')).toMatch(/^ delivered at /);
});

it('leaves out bars where there is no room, and breaks sentences between words', () => {
  const lines = drawPacket(packet, undefined, 44);
  expect(lines.join('')).not.toMatch(/[█░]/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(44);
  expect(lines.slice(0, 2)).toEqual(['10.244.1.2 ▶ 10.244.2.2  n1 → n2', '   03:12:05.042']);
  expect(lines.slice(5, 8)).toEqual([' ┬ n1 veth0 in  98 B', '   10.244.1.2 ▶ 10.244.2.2', '   │ bridge 800 ns  +800']); // prettier-ignore
  expect(lines.slice(11, 15)).toEqual([
    '   ║ encap 3.9 µs  +6,800', ' ┬ n1 eth0 out  148 B = 98 + 50', '   ║ wire 41 µs ±53 µs  ≈ +47,800', ' ┬ n2 eth0 in  148 B = 98 + 50',
  ]); // prettier-ignore
  expect(lines.slice(-2)).toEqual([' delivered at n2 veth0', '   total 53.8 µs ±53 µs · vxlan +50 B']);
});

it('says unknown where the clock is', () => {
  const hops = packet.hops.map((hop, at) => (at < 4 ? hop : { ...hop, timeNs: NaN }));
  const segments = packet.segments.map((each) => (each.isWire ? { ...each, durationNs: NaN, boundNs: NaN } : each));
  const lines = drawPacket({ ...packet, hops, segments, totalNs: NaN, boundNs: NaN }, undefined, 120);
  expect(lines[9]).toMatch(/^ +unknown {2}n2 {4}eth0 in +148 B = 98 \+ 50 {2}wire +unknown +┄┄┄$/);
  expect(lines.at(-1)).toBe(' delivered at n2 veth0 · total unknown · vxlan +50 B');
});

it('shows both addresses where something translated, at the hop that first saw it', () => {
  const hops = packet.hops.map((hop, at) => ({ ...hop, destination: at < 2 ? '10.96.0.10:80' : '10.244.2.2:8080' }));
  const lines = drawPacket({ ...packet, hops, addressed: '10.96.0.10' }, undefined, 120);
  expect(lines[0]).toContain('10.244.1.2 ▶ 10.244.2.2 (as 10.96.0.10)  n1 → n2');
  expect(lines[5].trim()).toBe('10.244.1.2 ▶ 10.96.0.10:80');
  expect(lines[7]).toContain('flannel.1 out');
  expect(lines[8].trim()).toBe('destination 10.96.0.10:80 → 10.244.2.2:8080');
});

it('ends with what became of it', () => {
  const cut = { ...packet, hops: packet.hops.slice(0, 3), segments: packet.segments.slice(0, 2), tunnelBytes: 0 };
  const last = (more: Partial<Packet>): string[] => drawPacket({ ...cut, ...more }, undefined, 120).slice(9);
  expect(last({ verdict: 'handed' })).toEqual([
    ' handed over at n1 flannel.1 to 10.244.2.2 past its own device: not seen by us · total 53.8 µs ±53 µs',
  ]);
  expect(last({ verdict: 'unseen' })[0]).toMatch(/^ not seen by us behind n1 flannel.1 · /);
  const dropped = {
    ...cut,
    verdict: 'dropped' as const,
    loss: 'dropped at n1 flannel.1: NO_SOCKET',
    droppedAfterNs: 1500,
  };
  expect(drawPacket(dropped, { means: 'Nobody listens.', look: 'ss' }, 120).slice(9)).toEqual([
    ' ✕ dropped at n1 flannel.1: NO_SOCKET, 1.5 µs behind the last hop', '   Nobody listens.', '   Look at: ss',
  ]); // prettier-ignore
  const before = { ...dropped, hops: [], segments: [], droppedAfterNs: NaN };
  expect(drawPacket(before, undefined, 120).slice(2)).toEqual(['', ' ✕ dropped at n1 flannel.1: NO_SOCKET']);
});

async function trace(options: Partial<TraceOptions>): Promise<{ code: number; text: string; log: string[] }> {
  const log: string[] = [];
  let text = '';
  const output = { write: (part: string) => (text += part), isTTY: true, columns: 100, rows: 24 };
  const feed = pastFeed(framesOfPings(pings, 4000));
  const code = await runTrace({ feed, one: true, output, log: (line) => log.push(line), ...options });
  return { code, text, log };
}

it('trace --one draws the first packet that matches, and ends', async () => {
  const { code, text, log } = await trace({ filter: 'src host 10.244.2.2' });
  expect(code).toBe(0);
  expect(log.at(-1)).toBe('waiting for a packet that matches src host 10.244.2.2');
  expect(text).toMatch(/^10\.244\.2\.2 ▶ 10\.244\.1\.2 {2}n2 → n1 {2}\d\d:\d\d:\d\d\.\d{3}\n/);
  expect(text).not.toContain('\x1b');
  // Nobody filters what comes back: beside it stands the next ping of the other pod.
  expect(text.match(/(◂ )?veth0 (in|out)/g)).toEqual(['veth0 in', 'veth0 out', '◂ veth0 in', '◂ veth0 out']);
});

it('trace --one says when none came', async () => {
  const { code, text, log } = await trace({ filter: 'udp', forMs: 0 });
  expect([code, text]).toEqual([1, '']);
  expect(log.at(-1)).toBe('no such packet came');
});

const oneWay = framesOfPings(
  pings.filter(({ identity }) => identity[1] === 0),
  4000,
);

it('trace --one ends without a reply when none comes', async () => {
  const { code, text } = await trace({ feed: pastFeed(oneWay), forMs: 0 });
  expect(code).toBe(0);
  expect(text.trimEnd().split('\n').at(-1)).toBe(' no reply is known: nothing came back that was seen');
});

it('trace --one --json gives its path, what came back, and the summary', async () => {
  const linesOf = ({ text }: { text: string }): { type: string }[] =>
    text.trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string }); // prettier-ignore
  const lines = linesOf(await trace({ json: true }));
  expect(lines.map(({ type }) => type)).toEqual(['path', 'reply', 'summary']);
  const [path, reply] = lines as [JsonPath, JsonReply];
  expect(reply.path!.source.ip).toBe(path.destination.ip);
  expect(reply.roundTripNs! - reply.turnaroundNs!).toBe(2 * 53_800);
  const none = linesOf(await trace({ json: true, feed: pastFeed(oneWay), forMs: 0 }));
  expect(none[1]).toEqual({ type: 'reply', turnaroundNs: null, roundTripNs: null, path: null });
});
