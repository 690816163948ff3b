/** What the agent says of itself: once at the start, and every second. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { MAX_PAYLOAD_BYTES } from '../wire/frame.ts';
import type { ClockPair, Hello, HopTotals, Status, Suspension } from '../wire/messages.ts';
import type { Attachments } from './attachments.ts';
import type { BlindLog } from './blind.ts';
import type { ChangeLog } from './changes.ts';
import type { NodeClock } from './clock.ts';
import type { WorkerOptions } from './protocol.ts';
import type { KernelFilter } from './filtering.ts';
import type { Sampler } from './sampler.ts';
import type { KernelSession } from './session.ts';

export interface Reporter {
  hello(): Hello;
  /** What happened since the last one; `records` that were drained in that time. */
  status(nowNs: number, records: number): Status;
  /** To be called about every 100 ms. */
  sampleClock(): void;
}

interface Sources {
  options: WorkerOptions;
  kernel: KernelSession;
  clock: NodeClock;
  attachments: Attachments;
  sampler: Sampler;
  filtering: KernelFilter;
  blind: BlindLog;
  changes: ChangeLog;
}

export function createReporter(sources: Sources): Reporter {
  const { options, kernel, clock, attachments, sampler, filtering, blind } = sources;
  let lastNs = 0;
  let lastCpu = process.cpuUsage();
  let clockPairs: ClockPair[] = [];
  let suspended: Suspension[] = [];

  const readAllTotals = (): HopTotals[] =>
    attachments.hops.flatMap(({ ifindex, slot }) => [
      kernel.readTotals(slot, ifindex, 0),
      kernel.readTotals(slot, ifindex, 1),
    ]);

  function takeCost(nowNs: number, records: number): Status['cost'] {
    const cpu = process.cpuUsage(lastCpu);
    lastCpu = process.cpuUsage();
    const seconds = (nowNs - lastNs) / 1e9;
    const recordsPerSecond = seconds > 0 ? Math.round(records / seconds) : 0;
    return { cpuMs: (cpu.user + cpu.system) / 1000, rssBytes: process.memoryUsage.rss(), recordsPerSecond };
  }

  return {
    hello: () => ({
      type: 'hello',
      node: options.node,
      hoplens: options.hoplensVersion,
      kernel: {
        release: release(),
        hooks: kernel.opened.hooks,
        bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
        ...(kernel.opened.drops.missing !== undefined && { noDrops: kernel.opened.drops.missing }),
        ...(kernel.opened.rules.missing !== undefined && { noRules: kernel.opened.rules.missing }),
      },
      epochNs: String(clock.epochNs),
      rawEpochNs: String(clock.rawEpochNs),
      realtimeEpochNs: String(clock.realtimeEpochNs),
      startedAt: new Date().toISOString(),
      ...(options.testClock && { testClock: options.testClock.text }),
      ...(options.probePort !== undefined && { probePort: options.probePort }),
      fields: kernel.layout.fields,
      limits: {
        budget: options.budget,
        ringBytes: kernel.opened.ring.bytes,
        maxDevices: options.maxDevices,
        maxFrameBytes: MAX_PAYLOAD_BYTES,
      },
      devices: attachments.devices,
    }),
    status(nowNs, records) {
      const realtime = clock.realtime();
      const filter = filtering.state();
      const changes = sources.changes.take();
      const pairs = clockPairs.length > 0 ? clockPairs : [clock.pair()];
      clockPairs = [];
      const status: Status = {
        type: 'status',
        timeNs: nowNs,
        clockPairs: pairs,
        ...(realtime && { realtime }),
        exponents: sampler.takeHistory(nowNs),
        blind: blind.take(),
        totals: readAllTotals(),
        ...(kernel.drops && {
          drops: { ...kernel.readDropTotals(), reasons: kernel.drops.counts(), untold: kernel.drops.untold() },
        }),
        cost: takeCost(nowNs, records),
        ...(changes && { changes }),
        ...(filter && { filter }),
        ...(suspended.length > 0 && { suspended }),
      };
      suspended = [];
      lastNs = nowNs;
      return status;
    },
    sampleClock() {
      clockPairs.push(clock.pair());
      const suspension = clock.suspension();
      if (suspension) suspended.push(suspension);
    },
  };
}
