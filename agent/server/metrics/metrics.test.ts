import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSegmentHistograms } from '../../histogram/segments.ts';
import type { HopTotals } from '../../wire/messages.ts';
import { createHub } from '../source.ts';
import { device, helloFrame, statusFrame } from '../testing.ts';
import { createHopCounters } from './hop-counters.ts';
import { createMetrics } from './metrics.ts';

const hop = (ifindex: number, packets: number, direction: HopTotals['direction'] = 'ingress'): HopTotals => ({
  ifindex, direction, packets, bytes: packets * 100, wirePackets: packets * 2, own: 1, filtered: 0, records: 2, ringFull: 3, capped: 4,
  unparsed: { truncated: packets },
}); // prettier-ignore

describe('hop counters', () => {
  const packets = (counters: ReturnType<typeof createHopCounters>, nowMs = 0) =>
    counters.series(nowMs).map(({ kind, device: name, packets: count }) => [kind, name, count]);

  it('count pods together and others by name', () => {
    const counters = createHopCounters();
    counters.devices([device(1, 'eth0', 'uplink'), device(2, 'vethA', 'pod'), device(3, 'vethB', 'pod')]);
    counters.totals([hop(1, 5), hop(2, 10), hop(3, 20)], 0);
    expect(packets(counters)).toEqual([
      ['uplink', 'eth0', 5],
      ['pod', '', 30],
    ]);
  });

  it('never fall when a device goes or its number comes back', () => {
    const counters = createHopCounters();
    counters.devices([device(2, 'vethA', 'pod'), device(3, 'vethB', 'pod')]);
    counters.totals([hop(2, 10), hop(3, 20)], 0);
    counters.totals([hop(3, 25)], 0);
    expect(packets(counters)).toEqual([['pod', '', 35]]);
    counters.totals([hop(2, 4), hop(3, 25)], 0);
    expect(packets(counters)).toEqual([['pod', '', 39]]);
    counters.totals([hop(2, 1), hop(3, 25)], 0);
    expect(counters.series(0)[0]).toMatchObject({ packets: 40, bytes: 4000, unparsed: { truncated: 40 } });
  });

  it('forget a device that is gone for a minute', () => {
    const counters = createHopCounters();
    counters.devices([device(1, 'eth0', 'uplink'), device(4, 'eth1', 'physical')]);
    counters.totals([hop(1, 5), hop(4, 5)], 0);
    counters.totals([hop(1, 6)], 50_000);
    expect(packets(counters, 60_000)).toHaveLength(2);
    expect(packets(counters, 60_001)).toEqual([['uplink', 'eth0', 6]]);
  });
});

describe('/metrics', () => {
  afterEach(() => void vi.useRealTimers());

  it('shows what the stream says', async () => {
    const node = createHub();
    const metrics = createMetrics({ version: '9.9', server: () => undefined, node });
    node.push(helloFrame(1, 'a', [device(1, 'eth0', 'uplink')]));
    node.push(statusFrame(1, 1, 0, [hop(1, 7, 'egress')]));
    node.push(statusFrame(1, 2, 0, [hop(1, 9, 'egress')]));
    const { body, contentType } = await metrics.body();
    expect(contentType).toContain('text/plain');
    for (const line of [
      'hoplens_build_info{version="9.9"} 1',
      'hoplens_packets_total{kind="uplink",device="eth0",direction="egress"} 9',
      'hoplens_wire_packets_total{kind="uplink",device="eth0",direction="egress"} 18',
      'hoplens_unparsed_packets_total{kind="uplink",device="eth0",direction="egress",reason="truncated"} 9',
      'hoplens_sampling_exponent{of="marks"} 3',
      'hoplens_cpu_seconds_total 0.01',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    metrics.stop();
  });

  it('has a histogram per segment that was there, cumulative and in seconds', async () => {
    const segments = createSegmentHistograms(['bridge', 'wire', 'decap']);
    for (const valueNs of [100, 300, 2 ** 40]) segments.observe(1, valueNs);
    const { body } = await createMetrics({ version: '', server: () => undefined, segments }).body();
    const lines = body.split('\n').filter((line) => line.startsWith('hoplens_segment_latency_seconds'));
    const value = (start: string) =>
      lines
        .find((line) => line.startsWith(start))
        ?.split(' ')
        .at(-1);
    const bucket = (le: string) => value(`hoplens_segment_latency_seconds_bucket{segment="wire",le="${le}"}`);
    expect([bucket('2.56e-7'), bucket('5.12e-7'), bucket('17.179869184'), bucket('+Inf')]).toEqual([
      '1',
      '2',
      '2',
      '3',
    ]);
    expect(value('hoplens_segment_latency_seconds_count')).toBe('3');
    expect(Number(value('hoplens_segment_latency_seconds_sum'))).toBeCloseTo((2 ** 40 + 400) / 1e9, 9);
    expect(lines.some((line) => line.includes('bridge'))).toBe(false);
  });

  it('is made at most once a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const node = createHub();
    const metrics = createMetrics({ version: '', server: () => undefined, node });
    const cpuSeconds = async () => /^hoplens_cpu_seconds_total (\S+)/m.exec((await metrics.body()).body)?.[1];
    expect(await cpuSeconds()).toBe('0');
    node.push(statusFrame(1, 1));
    expect(await cpuSeconds()).toBe('0');
    vi.advanceTimersByTime(1000);
    expect(await cpuSeconds()).toBe('0.005');
  });
});
