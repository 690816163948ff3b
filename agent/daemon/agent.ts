/** The daemon: the kernel worker's frames, and those of the peers, to whoever reads. */
import { hostname } from 'node:os';
import { pastOf } from '../history/past.ts';
import { createRecorder, type HistoryLimits, type HistoryStats } from '../history/recorder.ts';
import type { TestClock } from '../kernel/test-clock.ts';
import { findAccount } from '../kubernetes/account.ts';
import { createKubernetes } from '../kubernetes/kubernetes.ts';
import { peerUrl } from '../kubernetes/peers.ts';
import { createProbe } from '../probe/probe.ts';
import { tokenFrom } from '../server/auth.ts';
import { servePage } from '../server/files.ts';
import { createGateway } from '../server/gateway.ts';
import type { FilterAsked } from '../server/lease.ts';
import { parseListen, type Listen } from '../server/listen.ts';
import { createMetrics, type Metrics } from '../server/metrics/metrics.ts';
import { startServer } from '../server/server.ts';
import { createHub, framePlace, type FrameSource, type Held } from '../server/source.ts';
import { FrameType } from '../wire/frame.ts';
import { createFilters } from './filters.ts';
import { deferred } from './deferred.ts';
import { watchNames } from '../names/file.ts';
import { createTold } from '../names/told.ts';
import { createOwnEndpoints } from './own-endpoints.ts';
import { AgentError, startKernelWorker, type KernelWorker } from './worker.ts';

export interface AgentOptions {
  node?: string;
  /** HOST:PORT, or a socket that whoever started us opened. */
  listen: string | Listen;
  peers: string[];
  tokenFile?: string;
  devices: string[];
  sample: 'auto' | number;
  budget: number;
  hooks: 'auto' | 'tcx' | 'clsact';
  /** Whether to watch what the kernel drops. */
  drops: boolean;
  /** Whether to watch the queues of uplinks. */
  queues: boolean;
  /** Time between two questions of the probe; without it there is none. */
  probeMs?: number;
  vxlanPorts: number[];
  maxDevices: number;
  /** What the flight recorder may hold; 0 milliseconds: nothing. */
  history: HistoryLimits;
  /** File with names of addresses. */
  names?: string;
  /** Names and peers from Kubernetes, whose agents' pods have labels as this selector says; without it, it is not asked. */
  kubernetes?: { peerPods: string };
  testClock?: TestClock;
  version: string;
  say: (line: string) => void;
}

export interface RunningAgent {
  node: string;
  url: string;
  hooks: 'tcx' | 'clsact';
  /** Reads the names file again; undefined without one. */
  readNames: (() => void) | undefined;
  /** Resolves when the agent is gone: without an error where it was told to stop. */
  ended: Promise<AgentError | undefined>;
  stop(): Promise<void>;
}

/** A status message comes every second; without one for this long the worker is stuck. */
const HEARTBEAT_MS = 5000;

/** A source that says when its first reader comes and its last one goes. */
function counted(source: FrameSource, onChange: (isRead: boolean) => void, held?: Held): FrameSource {
  let readers = 0;
  return {
    ...(held && { held }),
    state: () => source.state(),
    subscribe(listener) {
      const unsubscribe = source.subscribe(listener);
      if (readers++ === 0) onChange(true);
      return () => {
        unsubscribe();
        if (--readers === 0) onChange(false);
      };
    },
  };
}

/**
 * Starts an agent in the network namespace of this process.
 * @throws AgentError, KubernetesError, ServerError, StreamError in sentences for who started it
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { say } = options;
  const node = options.node ?? hostname();
  const token = tokenFrom(options.tokenFile, say);
  const account = options.kubernetes && findAccount();
  const hub = createHub();
  const recorder = options.history.ms > 0 ? createRecorder(options.history) : undefined;
  const history = (): HistoryStats | undefined => recorder?.stats(performance.now());
  let ownStream: number | undefined;
  let lastStatusMs = -Infinity;
  let worker: KernelWorker | undefined;
  /** A recorder takes frames whether anybody reads or not. */
  let isWanted = recorder !== undefined;

  const own = counted(
    hub,
    (wanted) => {
      isWanted = wanted || recorder !== undefined;
      worker?.send({ type: 'wanted', wanted: isWanted });
    },
    recorder && { nodes: () => 1, read: (span) => [pastOf(recorder, node, span)] },
  );
  const told = createTold((names) => worker?.send({ type: 'names', names }), say);
  const ownEndpoints = createOwnEndpoints(options.peers, (peers) =>
    worker?.send({ type: 'exclude', listenPort: server.port, peers }),
  );
  const kubernetes =
    account &&
    createKubernetes({
      account,
      node,
      peerPods: options.kubernetes!.peerPods,
      onNames(names) {
        told.kubernetes(names, Date.now());
        return told.stats().bytes;
      },
      onPeers(peers) {
        ownEndpoints.found(peers);
        gateway.found(peers.map(peerUrl));
      },
      say,
    });
  const probe = createProbe({ token, everyMs: options.probeMs, peers: () => gateway.probed() });
  const gateway = createGateway({
    peers: options.peers,
    token,
    node,
    ownStream: () => ownStream,
    onActive(isActive) {
      probe.ask(isActive);
      kubernetes?.want(isActive);
    },
    ...(kubernetes && { peersKnown: kubernetes.peersKnown }),
  });
  /** Readers may ask before the worker is there. */
  let asked: FilterAsked | undefined;
  const tellFilter = (): void => worker?.send({ type: 'filter', ...(asked ?? { expression: '', by: '' }) });
  const filters = createFilters({
    own(wanted) {
      asked = wanted;
      tellFilter();
    },
    peers: (wanted) => gateway.follow(wanted),
  });
  const onFrame = (frame: Uint8Array): void => {
    const place = framePlace(frame);
    ownStream = place.stream;
    if (place.type === FrameType.status) lastStatusMs = performance.now();
    recorder?.push(frame, performance.now());
    hub.push(frame);
  };
  const ready = (): { ready: boolean; reasons: string[] } => {
    const reasons: string[] = [];
    if (!worker) reasons.push('the kernel programs are not loaded yet');
    else if (performance.now() - lastStatusMs > HEARTBEAT_MS)
      reasons.push('the kernel worker has said nothing for 5 s');
    return { ready: reasons.length === 0, reasons };
  };

  // First the port: whoever finds it taken has changed nothing in the kernel.
  const metrics = createLateMetrics();
  const server = await startServer({
    listen: typeof options.listen === 'string' ? parseListen(options.listen) : options.listen,
    token,
    sources: (scope) => (scope === 'node' ? [own] : [own, gateway]),
    metrics: () => metrics.body(),
    ready,
    onControl: (control, from) => (control.type === 'filter' ? filters.ask(control, from) : worker?.send(control)),
    files: servePage(),
    info: { hoplens: options.version, recording: false },
    history,
  });
  const end = deferred<AgentError | undefined>();
  try {
    await probe.listen(server);
    worker = await startKernelWorker({
      node,
      hoplensVersion: options.version,
      budget: options.budget,
      hooks: options.hooks,
      drops: options.drops,
      queues: options.queues,
      devices: options.devices,
      vxlanPorts: options.vxlanPorts,
      maxDevices: options.maxDevices,
      ...(options.testClock && { testClock: options.testClock }),
      ...(options.sample !== 'auto' && { exponent: options.sample }),
      probePort: probe.port(),
      onFrame,
      onWarning: say,
      onEnd: end.resolve,
    });
  } catch (error) {
    gateway.stop();
    probe.stop();
    await server.stop();
    throw error;
  }
  const running = worker;
  running.send({ type: 'wanted', wanted: isWanted });
  if (asked) tellFilter();
  metrics.set(createMetrics({ version: options.version, server: () => server.stats, node: hub, gateway, probe, kubernetes, history, segments: running.segments })); // prettier-ignore

  await ownEndpoints.start();
  const names = options.names === undefined ? undefined : watchNames({ file: options.names, onNames: told.file, say });
  kubernetes?.start(server.port);

  const stopServing = async (): Promise<void> => {
    ownEndpoints.stop();
    names?.stop();
    metrics.stop();
    gateway.stop();
    kubernetes?.stop();
    probe.stop();
    await server.stop();
  };
  return {
    node,
    url: server.url,
    hooks: running.hooks,
    readNames: names && (() => names.reload()),
    ended: end.promise.then(async (error) => {
      await stopServing();
      return error;
    }),
    stop: () => running.stop(),
  };
}

/** The server listens before there is anything to measure. */
function createLateMetrics() {
  let metrics: Metrics | undefined;
  return {
    set: (to: Metrics) => void (metrics = to),
    stop: () => metrics?.stop(),
    body: () => metrics?.body() ?? Promise.reject(new Error('the kernel programs are not loaded yet')),
  };
}
