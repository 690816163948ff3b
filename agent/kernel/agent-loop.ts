/**
 * The worker's work: drain the ring, make legs and frames of it, keep the budget, follow the devices, say once a second
 * how things are. Everything happens in turns of one loop; nothing here waits.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus as availableCpus, release } from 'node:os';
import { createSegmentHistograms } from '../histogram/segments.ts';
import { createLegsEncoder } from '../legs/encode.ts';
import { createLegs } from '../legs/legs.ts';
import { segmentNames } from '../paths/segments.ts';
import { MAX_PAYLOAD_BYTES } from '../wire/frame.ts';
import { encodeMessage, type Exponents, type HopTotals, type Message, type Status } from '../wire/messages.ts';
import { createAttachments } from './attachments.ts';
import { createBlindLog } from './blind.ts';
import { createNodeClock } from './clock.ts';
import { createController } from './controller.ts';
import { globToRegExp } from './devices.ts';
import { KernelError, type Endpoint } from './library.ts';
import { isReadable } from './memory.ts';
import { createMeasure } from './measure.ts';
import type { FromWorker, WorkerOptions } from './protocol.ts';
import { openKernel, poolCapacityFor, recordsPerWindow, ringBytesFor } from './session.ts';
import { emptyDemand, type Lost } from './totals.ts';

const LEG_NS = 20e6;
/** Completed legs wait for company this long, or until there are this many records. */
const FRAME_NS = 50e6;
const FRAME_RECORDS = 2000;
const TICK_NS = 100e6;
const STATUS_NS = 1e9;
/** Others' programs are counted anew at one device every so many statuses. */
const FOREIGN_STATUSES = 5;
const EVENTS_PER_TICK = 4096;
/** Records of one turn: the loop must come round. */
const DRAIN_RECORDS = 1 << 15;
/**
 * Between turns: while records come, a moment after, and on a quiet node. Waking up is what an idle agent costs, some 0.2 ms
 * of CPU each time; the ring holds what can come in the longest of them.
 */
const TURN_MS = [
  { withinNs: 50e6, ms: 1 },
  { withinNs: 1e9, ms: 10 },
  { withinNs: Infinity, ms: 100 },
];
/** The ring fills faster than it is drained. */
const RAISE_FILL = 0.25;
/** Room in the pool for what comes in a leg's time and a frame's. */
const POOL_MS = 150;

const DEFAULT_VXLAN_PORTS = [8472, 4789, 6784];

export interface AgentLoop {
  setWanted(wanted: boolean): void;
  sample(exponent: 'auto' | number): void;
  exclude(listenPort: number | undefined, peers: Endpoint[]): void;
  stop(): void;
}

/**
 * Opens the kernel's side and starts to work.
 * @throws KernelError, LayoutError
 */
export async function startAgentLoop(options: WorkerOptions, post: (message: FromWorker) => void): Promise<AgentLoop> {
  const cpus = availableCpus().length;
  const kernel = openKernel(options.libraryFile, {
    ringBytes: ringBytesFor(options.budget, cpus, 112),
    maxDevices: options.maxDevices,
    hooks: options.hooks,
  });
  const { library, opened, layout, ring, config } = kernel;
  const clock = createNodeClock();
  const legs = createLegs(layout, {
    capacity: poolCapacityFor(options.budget, cpus, POOL_MS),
    completeAfterNs: LEG_NS,
    epochNs: clock.epochNs,
  });
  const encode = createLegsEncoder(layout, legs.pool);
  const histograms = createSegmentHistograms([...segmentNames], options.histograms);
  const measure = createMeasure(layout, legs.pool, histograms);
  const blind = createBlindLog();
  let controller = createController(options.budget, options.exponent);
  const attachments = createAttachments(library, {
    patterns: options.devices.map(globToRegExp),
    onAttachment(ifindex, attached) {
      const nowNs = clock.nowNs();
      if (!attached) blind.add({ fromNs: lastTickNs, toNs: nowNs, reason: 'device', ifindex });
      else blind.add({ fromNs: 0, toNs: nowNs, reason: isStarted ? 'device' : 'start', ifindex });
    },
    onChange: () => void (areDevicesNew = true),
    onError: fail,
  });

  const sequence = { stream: randomBytes(4).readUInt32LE(), next: 0, timeMs: () => Math.floor(clock.nowNs() / 1e6) };
  const demand = emptyDemand();
  let wanted = false;
  let isStarted = false;
  let areDevicesNew = false;
  /** The first snapshot is not in the socket. */
  let areEventsLeft = true;
  let stopped = false;
  let lastTickNs = 0;
  let lastStatusNs = 0;
  let lastFrameNs = 0;
  let lastRecordNs = 0;
  let recordsSinceStatus = 0;
  let statuses = 0;
  let lastCpu = process.cpuUsage();
  let clockPairs: [number, number][] = [clock.pair()];
  let exponents: Status['exponents'] = [];
  let timer: NodeJS.Timeout | undefined;
  let ownPeers: Endpoint[] = [];
  let listenPort: number | undefined;

  function postFrame(frame: Uint8Array<ArrayBuffer>): void {
    post({ type: 'frame', frame: frame.buffer });
  }

  function say(message: Message): void {
    const header = { stream: sequence.stream, sequence: sequence.next++ >>> 0, timeMs: sequence.timeMs() };
    postFrame(encodeMessage(header, message) as Uint8Array<ArrayBuffer>);
  }

  function setExponents(to: Exponents, nowNs: number): void {
    config.setExponents(to);
    exponents.push({ fromNs: nowNs, ...to });
    blind.exponentChanged(nowNs);
  }

  function sayHello(): void {
    say({
      type: 'hello',
      node: options.node,
      hoplens: options.hoplensVersion,
      kernel: {
        release: release(),
        hooks: opened.hooks,
        bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      },
      epochNs: String(clock.epochNs),
      rawEpochNs: String(clock.rawEpochNs),
      startedAt: new Date().toISOString(),
      fields: layout.fields,
      limits: {
        budget: options.budget,
        ringBytes: opened.ring.bytes,
        maxDevices: options.maxDevices,
        maxFrameBytes: MAX_PAYLOAD_BYTES,
      },
      devices: attachments.devices,
    });
  }

  function readAllTotals(): HopTotals[] {
    return attachments.hops.flatMap(({ ifindex, slot }) => [
      kernel.readTotals(slot, ifindex, 0),
      kernel.readTotals(slot, ifindex, 1),
    ]);
  }

  /** Records that were not written so far, by reason. */
  function readLost(): Lost {
    const lost: Lost = { ringFull: 0, capped: 0 };
    for (const { slot } of attachments.hops) kernel.readLost(slot, lost);
    return lost;
  }

  function takeCost(nowNs: number): Status['cost'] {
    const cpu = process.cpuUsage(lastCpu);
    lastCpu = process.cpuUsage();
    const seconds = (nowNs - lastStatusNs) / 1e9;
    const recordsPerSecond = Math.round(recordsSinceStatus / seconds);
    recordsSinceStatus = 0;
    return { cpuMs: (cpu.user + cpu.system) / 1000, rssBytes: process.memoryUsage.rss(), recordsPerSecond };
  }

  function sayStatus(nowNs: number): void {
    say({
      type: 'status',
      timeNs: nowNs,
      clockPairs,
      exponents: exponents.length > 0 ? exponents : [{ fromNs: nowNs, ...controller.exponents }],
      blind: blind.take(),
      totals: readAllTotals(),
      recordsDropped: 0,
      cost: takeCost(nowNs),
    });
    clockPairs = [];
    exponents = [];
    lastStatusNs = nowNs;
  }

  function excludeOwn(): void {
    const endpoints = [...ownPeers];
    if (listenPort !== undefined)
      for (const address of attachments.addresses()) endpoints.push({ address, port: listenPort });
    library.exclude({ endpoints });
    config.setOwnPorts(endpoints.map((endpoint) => endpoint.port));
  }

  /** Once a tick, however many devices came: each message names them all. */
  function sayDevices(nowNs: number): void {
    if (!areDevicesNew) return;
    areDevicesNew = false;
    measure.setDevices(attachments.devices);
    const left = config.setVxlanPorts([...options.vxlanPorts, ...attachments.vxlanPorts(), ...DEFAULT_VXLAN_PORTS]);
    const lost = left.filter((port) => !DEFAULT_VXLAN_PORTS.includes(port));
    if (lost.length > 0) post({ type: 'warning', message: `VXLAN on port ${lost.join(', ')} is not looked into: at most eight ports are` }); // prettier-ignore
    excludeOwn();
    say({ type: 'devices', timeNs: nowNs, devices: attachments.devices });
  }

  function followDevices(): void {
    if (!areEventsLeft && !isReadable(opened.eventsFd)) return;
    const { events, lost } = library.events({ max: EVENTS_PER_TICK });
    if (lost > 0) post({ type: 'warning', message: `netlink lost ${lost} events; the devices were read anew` });
    areEventsLeft = events.length === EVENTS_PER_TICK;
    attachments.apply(events);
  }

  function control(nowNs: number): boolean {
    kernel.readDemand(demand);
    const changed = controller.update(demand, nowNs);
    if (changed) setExponents(changed, nowNs);
    return changed !== undefined;
  }

  function tick(nowNs: number): void {
    control(nowNs);
    followDevices();
    sayDevices(nowNs);
    blind.update(readLost(), nowNs);
    clockPairs.push(clock.pair());
    lastTickNs = nowNs;
  }

  function flush(): void {
    const taken = legs.take();
    if (taken.legCount === 0) return;
    measure.observe(taken);
    if (wanted) encode(taken, sequence, postFrame);
  }
  legs.onFull = flush;

  /** A burst: what passed since the last tick says how far to go, and if that is not far enough, one step more. */
  function relieve(nowNs: number): void {
    if (control(nowNs)) return;
    const raised = controller.raise();
    if (raised) setExponents(raised, nowNs);
  }

  function drain(nowNs: number): void {
    if (ring.fill() > RAISE_FILL) relieve(nowNs);
    const records = ring.drain((words, start, count) => legs.add(words, start, count), DRAIN_RECORDS);
    recordsSinceStatus += records;
    if (records > 0) lastRecordNs = nowNs;
    legs.complete(nowNs);
    if (legs.waiting >= FRAME_RECORDS || nowNs - lastFrameNs >= FRAME_NS) {
      flush();
      lastFrameNs = nowNs;
    }
  }

  function turn(): void {
    const nowNs = clock.nowNs();
    drain(nowNs);
    if (nowNs - lastTickNs >= TICK_NS) tick(nowNs);
    if (nowNs - lastStatusNs >= STATUS_NS) {
      if (statuses++ % FOREIGN_STATUSES === 0) attachments.refreshForeign();
      sayStatus(nowNs);
    }
    schedule(nowNs);
  }

  function schedule(nowNs: number): void {
    if (stopped) return;
    const quietNs = nowNs - lastRecordNs;
    timer = setTimeout(guard, TURN_MS.find(({ withinNs }) => quietNs < withinNs)!.ms);
  }

  /** A broken invariant ends the agent, with its reason. */
  function fail(error: unknown): void {
    const code = error instanceof KernelError ? error.code : 'internal';
    post({ type: 'failed', code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    void stop();
  }

  function guard(): void {
    try {
      turn();
    } catch (error) {
      fail(error);
    }
  }

  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    await library.close();
    ring.drain((words, start, count) => legs.add(words, start, count), Infinity);
    legs.complete(Infinity);
    flush();
    post({ type: 'stopped' });
  }

  async function start(): Promise<void> {
    config.setCap(recordsPerWindow(options.budget));
    setExponents(controller.exponents, 0);
    followDevices();
    sayHello();
    const nowNs = clock.nowNs();
    tick(nowNs);
    sayStatus(nowNs);
    schedule(nowNs);
    await attachments.settled();
    isStarted = true;
    tick(clock.nowNs());
    post({ type: 'started', hooks: opened.hooks, devices: attachments.hops.length });
  }

  await start();
  return {
    setWanted: (now) => void (wanted = now),
    sample(exponent) {
      controller = createController(options.budget, exponent === 'auto' ? undefined : exponent);
      setExponents(controller.exponents, clock.nowNs());
    },
    exclude(port, peers) {
      listenPort = port;
      ownPeers = peers;
      excludeOwn();
    },
    stop: () => void stop(),
  };
}
