import { describe, expect, it } from 'vitest';
import { metricOf } from './programs.ts';
import { costBetween } from './program-stats.ts';
import { busyNs, idleTicks, machineTime, processCpuNs, receivedPackets, residentBytes } from './usage.ts';

const devices = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     840      10    0    0    0     0          0         0      840      10    0    0    0     0       0          0
  eth0:98765432   54321    0    0    0     0          0         0     1234      12    0    0    0     0       0          0
eth01:1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0
`;

describe('what /proc says', () => {
  it('counts idle, waiting and stolen time as not busy', () => {
    expect(idleTicks('cpu  100 5 60 1000 30 0 7 3 0 0\ncpu0 50 2 30 500 15 0 3 1 0 0\n')).toBe(1033);
  });

  it('knows what two CPUs did', () => {
    expect(busyNs({ timeNs: 0, notBusyNs: 100 }, { timeNs: 1000, notBusyNs: 1600 }, 2)).toBe(500);
  });

  it('finds a device among others of similar names', () => {
    expect(receivedPackets(devices, 'eth0')).toBe(54_321);
    expect(receivedPackets(devices, 'eth01')).toBe(2);
    expect(() => receivedPackets(devices, 'eth')).toThrow('no device eth');
  });

  it('is about this process and machine too', () => {
    const [before, started] = [processCpuNs(process.pid), machineTime()];
    const until = performance.now() + 50;
    while (performance.now() < until);
    // Whatever runs beside: a CPU cannot spend more than all its time.
    expect(processCpuNs(process.pid)).toBeGreaterThan(before);
    expect(machineTime().notBusyNs).toBeGreaterThanOrEqual(started.notBusyNs);
    expect(residentBytes(process.pid)).toBeGreaterThan(10e6);
  });
});

describe('what others count for us', () => {
  const output = `goos: linux
BenchmarkSampled/tcp-2   \t     100\t    409140 ns/op\t       110.0 added-ns/packet\t   38.00 empty-ns/packet
PASS
`;

  it('is read from the line of a Go benchmark', () => {
    expect(metricOf(output, 'added-ns/packet')).toBe(110);
    expect(metricOf(output, 'empty-ns/packet')).toBe(38);
    expect(() => metricOf(output, 'other-ns/packet')).toThrow('no other-ns/packet');
    expect(() => metricOf('PASS', 'added-ns/packet')).toThrow('no added-ns/packet');
  });

  it('is the mean of the runs in between', () => {
    const from = { timeNs: 1000, runs: 10 };
    expect(costBetween([from, from], [{ timeNs: 21_000, runs: 110 }, { timeNs: 7000, runs: 110 }])).toEqual({ addedNs: 140, emptyNs: 60 }); // prettier-ignore
  });
});
