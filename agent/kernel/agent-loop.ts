/**
 * The worker's work: drain the ring, make legs and frames of it, keep the budget, follow the devices, say once a second
 * how things are. Everything happens in turns of one loop; nothing here waits.
 */
import { cpus } from 'node:os';
import { createSegmentHistograms } from '../histogram/segments.ts';
import { createLegsEncoder } from '../legs/encode.ts';
import { createLegs } from '../legs/legs.ts';
import { segmentNames } from '../paths/segments.ts';
import type { ToldNames } from '../wire/messages.ts';
import { createAttachments } from './attachments.ts';
import { createBlindLog } from './blind.ts';
import { createChangeLog } from './changes.ts';
import { createNodeClock } from './clock.ts';
import { globToRegExp } from './devices.ts';
import { KernelError, type RuleChanges } from './library.ts';
import { createFiltering, type KernelFilter } from './filtering.ts';
import { createMeasure } from './measure.ts';
import { isReadable } from './memory.ts';
import { createOutlet } from './outlet.ts';
import { createOwnTraffic, type OwnTraffic } from './own-traffic.ts';
import type { FromWorker, WorkerOptions } from './protocol.ts';
import { createReporter } from './reports.ts';
import { createSampler } from './sampler.ts';
import { openKernel, poolCapacityFor, ringBytesFor } from './session.ts';
import type { Lost } from './totals.ts';

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
/** See DESIGN.md, Turns. */
const TURN_MS = [
  { withinNs: 1e9, ms: 20 },
  { withinNs: Infinity, ms: 100 },
];
/** The ring fills faster than it is drained. */
const RAISE_FILL = 0.25;
/** Room in the pool for what comes in the longest turn and a leg's time. */
const POOL_MS = 150;

const DEFAULT_VXLAN_PORTS = [8472, 4789, 6784];

export interface AgentLoop {
  /** Whether anybody takes legs. */
  setWanted(wanted: boolean): void;
  sample(exponent: 'auto' | number): void;
  filter: KernelFilter['set'];
  exclude: OwnTraffic['setEndpoints'];
  tellNames(names: ToldNames): void;
  /** Detaches and ends; `stopped` is posted when all is done. */
  stop(): void;
}

/**
 * Opens the kernel's side and starts to work; resolves when our programs sit at the devices.
 * @throws KernelError, LayoutError
 */
export async function startAgentLoop(options: WorkerOptions, post: (message: FromWorker) => void): Promise<AgentLoop> {
  const { budget, maxDevices, hooks, drops, queues } = options;
  const ringBytes = ringBytesFor(budget, cpus().length);
  const kernel = openKernel(options.libraryFile, { ringBytes, maxDevices, hooks, drops, queues });
  const { library, opened, layout, ring, config } = kernel;
  const clock = createNodeClock(options.testClock);
  const outlet = createOutlet(clock, post);
  const capacity = poolCapacityFor(budget, cpus().length, POOL_MS);
  const legs = createLegs(layout, {
    capacity,
    completeAfterNs: LEG_NS,
    epochNs: clock.kernelEpochNs,
    shift: clock.shift,
  });
  const encode = createLegsEncoder(layout, legs.pool);
  const histograms = createSegmentHistograms([...segmentNames], options.histograms);
  const measure = createMeasure(layout, legs.pool, histograms);
  const blind = createBlindLog();
  const changes = createChangeLog(readRules);
  const sampler = createSampler({ kernel, blind, nowNs: () => clock.nowNs() }, budget, options.exponent);
  const filtering = createFiltering({ kernel, sampler, budget, onError: fail });
  const ownTraffic = createOwnTraffic(library, config);
  const attachments = createAttachments(library, {
    patterns: options.devices.map(globToRegExp),
    onAttachment: noteAttachment,
    onChange: () => void (areDevicesNew = true),
    onError: fail,
  });
  const reporter = createReporter({ options, kernel, clock, attachments, sampler, filtering, blind, changes });

  let isWanted = false;
  let isStarted = false;
  let isStopped = false;
  let areDevicesNew = false;
  /** The first snapshot is not in the socket. */
  let areEventsLeft = true;
  let lastTickNs = 0;
  let lastStatusNs = 0;
  let lastFrameNs = 0;
  let lastRecordNs = 0;
  let recordsSinceStatus = 0;
  let statuses = 0;
  let timer: NodeJS.Timeout | undefined;

  /** What passes while our programs are not there is not seen. */
  function noteAttachment(ifindex: number, attached: boolean): void {
    const toNs = clock.nowNs();
    if (attached) blind.add({ fromNs: 0, toNs, reason: isStarted ? 'device' : 'start', ifindex });
    else blind.add({ fromNs: lastTickNs, toNs, reason: 'device', ifindex });
  }

  function followDevices(): void {
    if (!areEventsLeft && !isReadable(opened.eventsFd)) return;
    const { events, lost } = library.events({ max: EVENTS_PER_TICK });
    if (lost > 0) outlet.warning(`netlink lost ${lost} events; the devices were read anew`);
    areEventsLeft = events.length === EVENTS_PER_TICK;
    attachments.apply(events);
    changes.apply(events);
  }

  function readRules(): RuleChanges | undefined {
    return opened.rules.fd >= 0 && isReadable(opened.rules.fd) ? library.rules() : undefined;
  }

  function lookIntoVxlan(): void {
    const left = config.setVxlanPorts([...options.vxlanPorts, ...attachments.vxlanPorts(), ...DEFAULT_VXLAN_PORTS]);
    const missed = left.filter((port) => !DEFAULT_VXLAN_PORTS.includes(port));
    if (missed.length === 0) return;
    outlet.warning(`VXLAN on port ${missed.join(', ')} is not looked into: at most eight ports are`);
  }

  /** Once a tick, however many devices came: each message names them all. */
  function tellDevices(nowNs: number): void {
    if (!areDevicesNew) return;
    areDevicesNew = false;
    const { devices } = attachments;
    measure.setDevices(devices);
    lookIntoVxlan();
    ownTraffic.setDevices(devices);
    outlet.message({ type: 'devices', timeNs: nowNs, devices });
  }

  function tellPlaces(nowNs: number): void {
    const places = kernel.drops?.newPlaces();
    if (places) outlet.message({ type: 'places', timeNs: nowNs, places });
  }

  /** The time is that behind the counters: what they count came before it. */
  function noteLost(): void {
    const lost: Lost = { ringFull: 0, capped: 0 };
    for (const { slot } of attachments.hops) kernel.readLost(slot, lost);
    blind.update(lost, clock.nowNs());
  }

  function tick(nowNs: number): void {
    sampler.follow(nowNs);
    filtering.follow(nowNs);
    followDevices();
    tellDevices(nowNs);
    tellPlaces(nowNs);
    noteLost();
    reporter.sampleClock();
    lastTickNs = nowNs;
  }

  function tellStatus(nowNs: number): void {
    if (statuses++ % FOREIGN_STATUSES === 0) attachments.refreshForeign();
    outlet.message(reporter.status(nowNs, recordsSinceStatus));
    recordsSinceStatus = 0;
    lastStatusNs = nowNs;
  }

  function flush(): void {
    const taken = legs.take();
    if (taken.legCount === 0) return;
    measure.observe(taken);
    if (isWanted) encode(taken, outlet.sequence, outlet.frame);
  }

  function drain(nowNs: number, most: number): void {
    const records = ring.drain((words, start, count) => legs.add(words, start, count), most);
    recordsSinceStatus += records;
    if (records > 0) lastRecordNs = nowNs;
    legs.complete(nowNs);
    if (legs.waiting < FRAME_RECORDS && nowNs - lastFrameNs < FRAME_NS) return;
    flush();
    lastFrameNs = nowNs;
  }

  function turn(): void {
    const nowNs = clock.nowNs();
    if (ring.fill() > RAISE_FILL) {
      sampler.relieve(nowNs);
      filtering.relieve();
    }
    drain(nowNs, DRAIN_RECORDS);
    if (nowNs - lastTickNs >= TICK_NS) tick(nowNs);
    if (nowNs - lastStatusNs >= STATUS_NS) tellStatus(nowNs);
    schedule(nowNs);
  }

  function schedule(nowNs: number): void {
    if (isStopped) return;
    const quietNs = nowNs - lastRecordNs;
    const turnMs = TURN_MS.find(({ withinNs }) => quietNs < withinNs)!.ms;
    timer = setTimeout(guard, ring.fill() > RAISE_FILL ? 0 : turnMs);
  }

  function guard(): void {
    try {
      turn();
    } catch (error) {
      fail(error);
    }
  }

  /** A broken invariant ends the agent, with its reason. */
  function fail(error: unknown): void {
    const code = error instanceof KernelError ? error.code : 'internal';
    post({ type: 'failed', code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    void stop();
  }

  async function stop(): Promise<void> {
    if (isStopped) return;
    isStopped = true;
    clearTimeout(timer);
    await library.close();
    drain(Infinity, Infinity);
    post({ type: 'stopped' });
  }

  legs.onFull = flush;
  followDevices();
  outlet.message(reporter.hello());
  if (drops && opened.drops.missing) outlet.warning(`drops are not watched: ${opened.drops.missing}`);
  if (queues && opened.queues.missing) outlet.warning(`queues are not watched: ${opened.queues.missing}`);
  if (opened.rules.missing) outlet.warning(`changes of netfilter rules are not all marked: ${opened.rules.missing}`);
  tick(clock.nowNs());
  tellStatus(clock.nowNs());
  schedule(clock.nowNs());
  await attachments.settled();
  isStarted = true;
  tick(clock.nowNs());
  post({ type: 'started', hooks: opened.hooks, devices: attachments.hops.length });

  return {
    setWanted: (wanted) => void (isWanted = wanted),
    sample: (exponent) => sampler.choose(exponent),
    filter: (expression, by) => filtering.set(expression, by),
    exclude: ownTraffic.setEndpoints,
    tellNames: (names) => outlet.message({ type: 'names', timeNs: clock.nowNs(), ...names }),
    stop: () => void stop(),
  };
}
