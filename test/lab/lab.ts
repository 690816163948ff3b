import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { buildNodes, joinNodes, makeNamespaces, underlayNamespace, type Offloads } from './build.ts';
import { LabError } from './error.ts';
import { labMissing } from './missing.ts';
import { loadTopology } from './registry.ts';
import { removeLab, removeLabNow, removeOrphans } from './remove.ts';
import { inNamespace, run, type RunOptions, type RunResult } from './run.ts';
import { addService, type Service } from './service.ts';
import { processStartTime, readState, reserveState, wireLogPath, type LabState } from './state.ts';
import { planNodes, topologyFaults, type PlannedNode, type Topology } from './topology.ts';
import { startWire, type Wire, type WireOptions } from './wire.ts';

export interface LabOptions {
  /** Part of every namespace's name, 1 to 12 letters and digits; random if not given. */
  id?: string;
  /** Bytes that the uplinks carry (1500). */
  mtu?: number;
  /** Of the uplinks; what is not named stays as the kernel has it. */
  offloads?: Offloads;
  /** Joins the uplinks by the user-space wire instead of by cables. */
  wire?: boolean | WireOptions;
  /** The lab outlives this process, until somebody takes it down. */
  standing?: boolean;
  /** SIGINT, SIGTERM and SIGHUP remove the lab before they end the process (true). */
  signals?: boolean;
}

export interface LabNode {
  name: string;
  netns: string;
  address: string;
  address6: string;
  pods: LabPod[];
}

export interface LabPod {
  name: string;
  node: string;
  netns: string;
  ip: string;
  ip6: string;
}

/** A service as the lab takes it: its endpoints are pods. */
export interface LabService extends Omit<Service, 'endpoints'> {
  pods: string[];
  targetPort: number;
}

/** A lab that stands. Made by `createLab`; `await using` or `down()` removes it with all that runs in it. */
export class Lab implements AsyncDisposable {
  readonly id: string;
  readonly topology: string;
  readonly nodes: LabNode[];
  readonly pods: LabPod[];
  readonly state: LabState;
  /** Those that this process added. */
  readonly services: LabService[] = [];
  #wire: Wire | null = null;

  constructor(state: LabState) {
    this.id = state.id;
    this.topology = state.topology;
    this.state = state;
    this.pods = state.pods;
    this.nodes = state.nodes.map((node) => ({ ...node, pods: state.pods.filter((pod) => pod.node === node.name) }));
  }

  /** @throws LabError 'unknown' */
  node(name: string): LabNode {
    return find(this.nodes, 'node', name, this.id);
  }

  /** @throws LabError 'unknown' */
  pod(name: string): LabPod {
    return find(this.pods, 'pod', name, this.id);
  }

  /** The namespace of a node or pod. */
  netns(where: string): string {
    return find<LabNode | LabPod>([...this.nodes, ...this.pods], 'node or pod', where, this.id).netns;
  }

  /** Runs a command on a node or in a pod to its end; `run.ts` says what it throws. */
  exec(where: string, argv: string[], options?: RunOptions): Promise<RunResult> {
    return run(inNamespace(this.netns(where), argv), options);
  }

  /** Starts a command there, in the lab's hands until `down`. The child's process id is the command's. */
  spawn(where: string, argv: string[], options: SpawnOptions = {}): ChildProcess {
    const [command, ...args] = inNamespace(this.netns(where), argv);
    return spawn(command, args, options);
  }

  /** @throws LabError 'wire' if the lab was not made with one, or not by this process */
  get wire(): Wire {
    if (!this.#wire) throw new LabError('wire', `lab ${this.id} has no wire in the hands of this process`);
    return this.#wire;
  }

  /** For `createLab`. */
  set wire(wire: Wire) {
    this.#wire = wire;
  }

  /** A ClusterIP, and a NodePort if asked for, on every node. The endpoints are pods' addresses of the same family. */
  async addService({ pods, targetPort, ...service }: LabService): Promise<void> {
    const six = service.clusterIp.includes(':');
    const endpoints = pods
      .map((name) => this.pod(name))
      .map((pod) => ({ ip: six ? pod.ip6 : pod.ip, port: targetPort }));
    await addService({ ...service, endpoints }, this.nodes.map(withPodNetwork));
    this.services.push({ pods, targetPort, ...service });
  }

  /** Ends what runs in the lab and removes it. Again, or for a lab that somebody else took down: nothing. */
  async down(): Promise<void> {
    open.delete(this);
    await removeLab(this.state);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.down();
  }
}

function find<T extends { name: string }>(all: T[], kind: string, name: string, id: string): T {
  const found = all.find((each) => each.name === name);
  if (found) return found;
  throw new LabError(
    'unknown',
    `lab ${id} has no ${kind} "${name}": there are ${all.map((each) => each.name).join(', ')}`,
  );
}

const withPodNetwork = (node: LabNode, place: number) => ({
  ...node,
  podNetwork: `10.244.${place + 1}.0/24`,
  podNetwork6: `fd00:10:244:${place + 1}::/64`,
});

/**
 * Builds a topology and returns it up. What orphans earlier processes left is removed first.
 * @throws LabError, after removing what was built
 */
export async function createLab(topology: string | Topology, options: LabOptions = {}): Promise<Lab> {
  await requireLab(options);
  await removeOrphans();
  const plan = typeof topology === 'string' ? await loadTopology(topology) : topology;
  checkPlan(plan, options);
  const { nodes, state } = reserve(plan, typeof topology === 'string' ? topology : plan.summary, options);
  const lab = new Lab(state);
  open.add(lab);
  if (options.signals !== false) removeOnSignals();
  try {
    await build(lab, plan, nodes, options);
  } catch (error) {
    await lab.down();
    throw error;
  }
  if (options.standing) open.delete(lab);
  return lab;
}

/** Looked up once per process: a machine does not lose VXLAN while tests run. */
let checked: Promise<string[]> | undefined;

async function requireLab(options: LabOptions): Promise<void> {
  const [first] = await (checked ??= labMissing());
  if (first !== undefined) throw new LabError('missing', `missing: ${first}`);
  const { id, mtu = 1500 } = options;
  if (id !== undefined && !/^[a-z0-9]{1,12}$/.test(id)) {
    throw new LabError('invalid', `"${id}" is not a lab's name: 1 to 12 letters and digits`);
  }
  if (!Number.isInteger(mtu) || mtu < 1350 || mtu > 65_000) {
    throw new LabError('invalid', `an MTU of ${mtu} is not possible: IPv6 in VXLAN needs 1350, veth takes 65000`);
  }
}

function checkPlan(plan: Topology, { wire }: LabOptions): void {
  const faults = topologyFaults(plan);
  if (faults.length > 0) throw new LabError('invalid', `topology: ${faults.join(', ')}`);
  if (wire && plan.nodes.length > 16) throw new LabError('invalid', 'the wire joins at most 16 nodes');
}

/** Chooses a name that nobody has and writes the lab down. */
function reserve(plan: Topology, topology: string, options: LabOptions) {
  for (;;) {
    const id = options.id ?? randomBytes(3).toString('hex');
    const nodes = planNodes(plan, id, options.mtu ?? 1500);
    const state = describe(id, topology, nodes, options);
    const taken = state.namespaces.some((name) => existsSync(`/run/netns/${name}`));
    if (!taken && reserveState(state)) return { nodes, state };
    if (options.id !== undefined) throw new LabError('invalid', `there is a lab "${id}" already`);
  }
}

function describe(id: string, topology: string, nodes: PlannedNode[], options: LabOptions): LabState {
  const underlay = nodes.length > 2 || options.wire ? [underlayNamespace(id)] : [];
  const owner = { pid: process.pid, startTime: processStartTime(process.pid)! };
  return {
    id,
    topology,
    owner: options.standing ? null : owner,
    createdMs: Date.now(),
    namespaces: [...underlay, ...nodes.flatMap((node) => [node.netns, ...node.pods.map((pod) => pod.netns)])],
    nodes: nodes.map(({ name, netns, address, address6 }) => ({ name, netns, address, address6 })),
    pods: nodes.flatMap((node) => node.pods.map((pod) => ({ ...pod, node: node.name }))),
  };
}

async function build(lab: Lab, plan: Topology, nodes: PlannedNode[], options: LabOptions): Promise<void> {
  const underlay = underlayNamespace(lab.id);
  await makeNamespaces(lab.state.namespaces);
  if (options.wire) {
    const wireOptions = options.wire === true ? {} : options.wire;
    lab.wire = await startWire(nodes, underlay, wireLogPath(lab.id), wireOptions, options.standing ?? false);
  } else {
    await joinNodes(nodes, underlay);
  }
  await buildNodes(plan, nodes, options.offloads ?? {});
}

/** @throws LabError 'unknown' */
export function openLab(id: string): Lab {
  const state = readState(id);
  if (!state) throw new LabError('unknown', `no lab is called "${id}"`);
  return new Lab(state);
}

/* Labs that this process removes when it ends, in whatever way it still can. After a SIGKILL the next start does. */
const open = new Set<Lab>();

process.on('exit', () => {
  for (const lab of open) removeLabNow(lab.state);
});

let listening = false;

function removeOnSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const lab of open) removeLabNow(lab.state);
      open.clear();
      // Whoever else listens decides when to end; without anybody, what the signal does by itself comes now.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}
