import { describe, expect, it } from 'vitest';
import { createHistogram, observe } from '../histogram/histogram.ts';
import { createAssembler } from '../paths/assemble.ts';
import type { ClockSummary } from '../paths/counting.ts';
import type { Disorder } from '../paths/disorder.ts';
import { createGroups, type Group } from './groups.ts';
import { drawGroup, drawSummary, drawTable } from './ruler.ts';
import { devicesWith, framesOfPings, ping } from './testing.ts';

/** Pings between pods of two nodes. `shown`: the hops of each that we see; the rest is behind `foreign` programs. */
function joined(replies: boolean, shown = 8, foreign = 0): { groups: Group[]; lines: string[] } {
  const records = Array.from({ length: 100 }, (_, i) =>
    (replies ? [0, 1] : [0]).flatMap((from) => ping(i, from, 1e9 + i * 1e6 + from * 5e5).slice(0, shown)),
  ).flat();
  const groups = createGroups();
  const assembler = createAssembler((view) => groups.add(view));
  for (const frame of framesOfPings(records, 4000, devicesWith(foreign))) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(4000);
  return {
    groups: groups.list(),
    lines: drawTable({ ...nothing, groups: groups.list(), summary: assembler.summary() }, 200),
  };
}

const nothing = { groups: [], losses: [], changes: [] };

describe('the ruler', () => {
  const { groups } = joined(true);

  it('is a line with ticks where it fits', () => {
    expect(drawGroup(groups[0], 120)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100',
      ' 10.244.1.2 ─┬─ bridge ─┬─ route ─┬═ encap ═┬══════ wire ═══════┬═ decap ═┬─ route ─┬─ bridge ─┬─ 10.244.2.2',
      '           veth0       cni0   flannel.1    eth0  +50 B (51 %)  eth0   flannel.1    cni0      veth0',
      ' p50            800 ns    2.1 µs    3.9 µs     41 µs ±46.6 µs     3.2 µs    1.9 µs     900 ns',
      ' p99            800 ns    2.1 µs    3.9 µs          41 µs         3.2 µs    1.9 µs     900 ns',
      ' total p50 53.8 µs ±46.6 µs · p99 53.8 µs',
    ]);
  });

  it('is a table of segments with bars in 80 columns, and a list in less', () => {
    expect(drawGroup(groups[0], 80)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100',
      '   segment  between              p50             p99',
      ' │ bridge   n1 veth0 ▶ cni0      800 ns          800 ns  ███',
      ' │ route    n1 cni0 ▶ flannel.1  2.1 µs          2.1 µs  █████',
      ' ║ encap    n1 flannel.1 ▶ eth0  3.9 µs          3.9 µs  ███████',
      ' ║ wire     n1 eth0 ▶ n2 eth0    41 µs ±46.6 µs  41 µs   ███████████████████████',
      ' ║ decap    n2 eth0 ▶ flannel.1  3.2 µs          3.2 µs  ██████',
      ' │ route    n2 flannel.1 ▶ cni0  1.9 µs          1.9 µs  █████',
      ' │ bridge   n2 cni0 ▶ veth0      900 ns          900 ns  ███',
      ' total p50 53.8 µs ±46.6 µs · p99 53.8 µs · vxlan +50 B (51 %)',
    ]);
    const lines = drawGroup(groups[0], 48);
    expect(lines.slice(0, 4)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100', ' ┬ n1 veth0', '   │ bridge p50 800 ns · p99 800 ns', ' ┬ n1 cni0',
    ]); // prettier-ignore
    expect(lines.slice(8, 10)).toEqual(['   ║ wire   p50 41 µs ±46.6 µs', '   p99 41 µs  +50 B (51 %)']);
    expect(Math.max(...drawGroup(groups[0], 40).map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('draws the median whole and what lies between it and the 99th percentile light', () => {
    const times = createHistogram();
    for (let at = 0; at < 100; at++) observe(times, at < 90 ? 1e6 : 4e6);
    const slow = groups[0].segments.map((segment, at) => (at === 1 ? { ...segment, times } : segment));
    const bars = drawGroup({ ...groups[0], segments: slow }, 80).slice(2, 9).map((line) => line.replace(/[^█░]/g, '')); // prettier-ignore
    expect(bars[1]).toMatch(/^█+░+$/);
    expect(bars[1].match(/░/g)!.length / bars[1].length).toBeCloseTo(0.5, 1);
    expect(bars.filter((_, at) => at !== 1).join('')).toMatch(/^█+$/);
  });

  it('says where somebody takes over before the pod, and draws no times where there is one hop', () => {
    const across = joined(true, 5, 1).groups[0];
    expect(drawGroup(across, 120)[1]).toBe(
      ' 10.244.1.2 ─┬─ bridge ─┬─ route ─┬═ encap ═┬══════ wire ═══════┬─ handed over ─ 10.244.2.2',
    );
    expect(drawGroup(across, 80).at(-2)).toBe(' │ handed over');
    expect(drawGroup(across, 48)).toContain('   │ handed over');
    const single = { ...across, hops: across.hops.slice(0, 1), segments: [] };
    expect(drawGroup(single, 120).slice(1)).toEqual([' 10.244.1.2 ─┬─ handed over ─ 10.244.2.2', '           veth0']);
    expect(drawGroup(single, 80).slice(1)).toEqual([' ┬ n1 veth0', '   │ handed over']);
  });

  it('says unknown where the clock is', () => {
    const { groups: oneWay, lines } = joined(false);
    expect(drawGroup(oneWay[0], 120)[3]).toContain('unknown');
    expect(drawGroup(oneWay[0], 120)[5]).toBe(' total p50 unknown · p99 unknown');
    expect(lines.at(-1)).toContain('clock n2 unknown (too few packets from n2 to n1 yet)');
  });

  it('shows what fits and says what does not', () => {
    const summary = { ...summaryOf(), sampled: 1234 };
    expect(drawTable({ ...nothing, summary }, 80)).toEqual(['no path joined yet', '', ...drawSummary(summary, 80)]);
    expect(drawTable({ ...nothing, groups, summary }, 200, 9).at(-2)).toBe('and 1 more path');
    // Where not even one fits with its segments, as many as do without them.
    const narrow = drawTable({ ...nothing, groups, summary }, 40, 20);
    expect(narrow.slice(0, 6)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp',
      '   n 100',
      ' total p50 53.8 µs ±46.6 µs',
      '   p99 53.8 µs',
      '   most in wire: p50 41 µs ±46.6 µs',
      '   p99 41 µs',
    ]);
    expect(narrow.length).toBeLessThanOrEqual(20);
    expect(narrow.at(-1)).toBe(drawSummary(summary, 40).at(-1));
  });

  it('says where a node’s own CLOCK_REALTIME is all there is, and where traffic contradicts it', () => {
    const { n1, n2 } = summaryOf().clocks;
    const lastOf = (more: Partial<ClockSummary>): string =>
      drawSummary({ ...summaryOf(), clocks: { n1, n2: { ...n2, ...more } } }, 300)[0]
        .split(' · ')
        .at(-1)!;
    expect(lastOf({ source: 'traffic and realtime' })).toBe('clock n2 ±19 µs');
    expect(lastOf({ source: 'realtime' })).toBe('clock n2 ±19 µs by its CLOCK_REALTIME');
    expect(lastOf({ source: 'realtime contradicted', boundNs: null })).toBe(
      'clock n2 unknown, its CLOCK_REALTIME is contradicted',
    );
  });

  it('ends with what it rests on', () => {
    expect(drawSummary(summaryOf(), 200)).toEqual([
      'seen 2,000 · sampled 10 · joined 9 (90 % of what may be) · ambiguous 0 · lost by the network 1 · lost by us 0 · 1:64 · clock n2 ±19 µs',
    ]);
    const narrow = drawSummary(summaryOf(), 80);
    expect(narrow.join(' · ')).toBe(drawSummary(summaryOf(), 200)[0]);
    expect(narrow.length).toBe(2);
    expect(narrow.every((line) => line.length <= 80)).toBe(true);
  });

  it('says which segments are out of order', () => {
    const [from, to] = ['n1', 'n2'].map((node) => ({ node, device: 'eth0', direction: 'egress' as const }));
    const disorder = [{ name: 'wire' as const, from, to, reordered: 1200, duplicated: 0, retransmitted: 3 }];
    expect(drawSummary({ ...summaryOf(), disorder }, 200).at(-1)).toBe(
      'wire n1 eth0 ▶ n2 eth0: 1,200 overtaken · 3 lost and sent again',
    );
  });
});

const summaryOf = () => ({
  type: 'summary' as const, seen: 2000, sampled: 10, joined: 9, joinable: 10, joinableJoined: 9, ambiguous: 0,
  lostByNetwork: { dropped: 0, vanished: 1 }, lostByUs: 0, undecided: 0, partlyFiltered: 0, filters: {}, framesMissed: 0, recordsLost: 0, disorder: [] as Disorder[],
  names: { addresses: 0, contradictions: 0 },
  exponents: { n1: 6, n2: 0 },
  clocks: {
    n1: { offsetNs: 0, boundNs: 0, relativeBoundNs: 0 }, n2: { offsetNs: 5, boundNs: 19_000, relativeBoundNs: 10 },
  },
}); // prettier-ignore
