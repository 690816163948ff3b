/** The same paths in each format. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../trace/filter.ts';
import type { JsonPath } from '../paths/json.ts';
import { createCsv, createJson } from './lines.ts';
import { createPcapng } from './pcapng.ts';
import { createPerfetto } from './perfetto.ts';
import { exported, framesOfPings, readPackets, type Sent } from './testing.ts';

/** Three each way come first, so that the clocks are known; then whatever there is. */
const settled: Sent[] = Array.from({ length: 20 }, (_, at) => ({
  from: at % 2,
  to: 1 - (at % 2),
  timeNs: 1e9 + at * 1e6,
}));
const lost: Sent = { from: 0, to: 1, timeNs: 1.5e9, lostBehind: 2 };

const sent = fc.record({
  from: fc.nat(1),
  to: fc.nat(1),
  timeNs: fc.integer({ min: 1.1e9, max: 2.5e9 }),
  lostBehind: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
});
const sessions = fc.array(sent, { maxLength: 30 }).map((more) => framesOfPings([...settled, ...(more as Sent[])]));

const jsonOf = async (frames: Uint8Array[]): Promise<JsonPath[]> =>
  (await exported(createJson, frames))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonPath)
    .filter(({ type }) => type === 'path');

describe('pcapng', () => {
  it('has each hop of each path on its device, in order of time, and where it was dropped', async () => {
    await fc.assert(
      fc.asyncProperty(sessions, async (frames) => {
        const packets = readPackets(await exported(createPcapng, frames));
        const paths = await jsonOf(frames);
        for (const path of paths) {
          const of = packets.filter(({ comment }) => comment.includes(path.identity));
          const hops = path.hops.map(({ node, device }) => `${node}:${device}`);
          const drop = path.drop ? [`${path.drop.node}:${path.drop.device}`] : [];
          const places = of.map((packet) => packet.interface);
          // Two nodes' clocks may be known so badly that a packet comes before it went.
          for (const node of ['n1', 'n2']) {
            const isHere = (place: string): boolean => place.startsWith(`${node}:`);
            expect(places.filter(isHere)).toEqual([...hops, ...drop].filter(isHere));
          }
          if (path.segments.every(({ durationNs }) => (durationNs ?? -1) >= 0))
            expect(places).toEqual([...hops, ...drop]);
          expect(places).toHaveLength(hops.length + drop.length);
        }
        const times = packets.map(({ timeNs }) => timeNs);
        expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        for (const { bytes, originalBytes } of packets) expect(bytes.length).toBeLessThanOrEqual(originalBytes);
      }),
      { numRuns: 20 },
    );
  });

  it('tells what became of a packet, the tunnel around it, and one time for both nodes', async () => {
    const packets = readPackets(await exported(createPcapng, framesOfPings([...settled, lost])));
    expect(packets.at(-1)!.comment).toMatch(
      /^dropped at n1 cni0 in the forward hook: NETFILTER_DROP \(nft_do_chain\); 0000000700000015/,
    );
    const last = packets.filter(({ comment }) => comment.includes('0000000700000014'));
    expect(last[3].comment).toMatch(/^n2 eth0 egress, hop 4 of 8; delivered; 0000000700000014, 10\.244\.2\.2 ▸ 10\.244\.1\.2$/); // prettier-ignore
    expect(Buffer.from(last[3].bytes.subarray(26, 34)).toString('hex')).toBe('c0a8010b' + 'c0a8010a');
    // The second clock is an hour ahead.
    expect(Number(last[7].timeNs - last[0].timeNs)).toBeLessThan(1e6);
    expect(new Date(Number(last[0].timeNs / 1_000_000n)).toISOString()).toBe('2026-11-26T12:41:06.019Z');
  });
});

interface TraceEvent {
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  id: number;
  name: string;
  args: { identity: string };
}

const eventsOf = async (frames: Uint8Array[]): Promise<TraceEvent[]> =>
  (JSON.parse((await exported(createPerfetto, frames)).toString()) as { traceEvents: TraceEvent[] }).traceEvents;

describe('Perfetto', () => {
  it('has a slice for each hop, none of a track over another, and arrows in pairs', async () => {
    await fc.assert(
      fc.asyncProperty(sessions, async (frames) => {
        const events = await eventsOf(frames);
        const slices = events.filter(({ ph }) => ph === 'X');
        for (const { identity, hops } of await jsonOf(frames)) {
          expect(slices.filter(({ args }) => args.identity === identity)).toHaveLength(hops.length);
        }
        const untilOf = new Map<number, number>();
        for (const { tid, ts, dur } of slices) {
          expect(ts).toBeGreaterThanOrEqual(untilOf.get(tid) ?? -Infinity);
          untilOf.set(tid, ts + dur - 1e-6);
        }
        expectPairs(events);
      }),
      { numRuns: 20 },
    );
  });

  it('has all fields of its format, nodes as processes and devices as tracks', async () => {
    const events = await eventsOf(framesOfPings([...settled, lost]));
    for (const { ph, pid, name } of events) {
      expect(['M', 'X', 's', 'f', 'i']).toContain(ph);
      expect([typeof pid, typeof name]).toEqual(['number', 'string']);
    }
    for (const { ph, ts, tid } of events) if (ph !== 'M') expect([typeof ts, typeof tid]).toEqual(['number', 'number']);
    const named = events.filter(({ ph }) => ph === 'M').map(({ args }) => (args as unknown as { name?: string }).name);
    expect(named).toEqual(expect.arrayContaining(['node n1', 'node n2', 'veth0', 'flannel.1', 'eth0']));
    expect(events.filter(({ ph }) => ph === 'i').map(({ name }) => name)).toEqual([
      'dropped at n1 cni0 in the forward hook: NETFILTER_DROP (nft_do_chain): 10.244.1.2 ▸ 10.244.2.2 icmp',
    ]);
    expect(events.filter(({ ph }) => ph === 's').length).toBeGreaterThan(10);
  });

  it('of nothing is a trace of nothing', async () => {
    expect(await eventsOf([])).toEqual([]);
  });
});

/** Each begins at one node and ends, not earlier, at another. */
function expectPairs(events: TraceEvent[]): void {
  const begins = new Map(events.filter(({ ph }) => ph === 's').map((event) => [event.id, event]));
  const ends = events.filter(({ ph }) => ph === 'f');
  expect(ends.map(({ id }) => id).sort()).toEqual([...begins.keys()].sort());
  for (const end of ends) {
    expect(end.pid).not.toBe(begins.get(end.id)!.pid);
    expect(end.ts).toBeGreaterThanOrEqual(begins.get(end.id)!.ts);
  }
}

describe('CSV', () => {
  it('has a line for each path with as many cells as the first', async () => {
    const frames = framesOfPings([...settled, lost]);
    const [header, ...lines] = (await exported(createCsv, frames)).toString().trim().split('\n');
    expect(lines).toHaveLength((await jsonOf(frames)).length);
    const cells = header.split(',');
    for (const line of lines) expect(line.split(',')).toHaveLength(cells.length);
    const last = Object.fromEntries(
      lines
        .at(-1)!
        .split(',')
        .map((cell, at) => [cells[at], cell]),
    );
    expect(last).toMatchObject({
      start: '2026-11-26T12:41:06.500000000Z', verdict: 'dropped', drop_reason: 'NETFILTER_DROP', drop_node: 'n1', total_ns: '1000',
      hops: 'n1 veth0 ingress > n1 cni0 ingress', segments_ns: 'bridge 1000',
    }); // prettier-ignore
  });
});

describe('a filter', () => {
  it('chooses paths', async () => {
    const frames = framesOfPings([...settled, lost]);
    const file = await exported(createCsv, frames, { filter: parseFilter('verdict:dropped') });
    expect(file.toString().trim().split('\n')).toHaveLength(2);
  });
});
