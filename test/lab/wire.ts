import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { LabError } from './error.ts';
import { wireMissing } from './missing.ts';
import { wireProgram } from './places.ts';
import { inNamespace, ipBatch, run } from './run.ts';
import type { PlannedNode } from './topology.ts';

/** Which frames rules are about. All that is given must hold; of a VXLAN frame the packet inside is meant. */
export interface WireMatch {
  tunnel?: boolean;
  protocol?: 'tcp' | 'udp' | 'icmp' | 'icmp6';
  /** Either end's. */
  address?: string;
  port?: number;
  /** Something behind the transport header, or nothing. */
  payload?: boolean;
  /** Bytes of the frame. */
  minimumLength?: number;
}

/** What happens to frames of one direction. Nothing set: they pass at once. */
export interface WireRules {
  match?: WireMatch;
  delayMs?: number;
  /** Up to so much more delay, uniformly; frames keep their order. */
  jitterMs?: number;
  /** Probabilities from 0 to 1. */
  loss?: number;
  duplicate?: number;
  reorder?: number;
  /** How many matching frames overtake a reordered one (1); it waits for them at most `reorderMs` (20). */
  reorderFrames?: number;
  reorderMs?: number;
  /** Mbit/s of frames; what finds more than `queueBytes` (256 KiB) waiting is dropped. */
  rateMbit?: number;
  queueBytes?: number;
  /** Exact rules count matching frames from 1, from the moment they are set. */
  dropEvery?: number;
  dropFrom?: number;
  dropTo?: number;
  /** Also writes down each frame's delay. */
  logDelays?: boolean;
}

/** `n1>n2` is the direction from node n1 to n2, `*` every direction that has no rules of its own. */
export type WireSettings = Record<string, WireRules>;

export interface WireOptions {
  settings?: WireSettings;
  /** Equal seeds decide equally about equal sequences of frames. */
  seed?: number;
}

/** A packet as far as it tells one from another: what identities are made of. */
export interface WirePacket {
  vni?: number;
  version: 4 | 6;
  source: string;
  destination: string;
  protocol: number;
  /** IPv4 id. */
  id?: number;
  /** Offset in bytes of a fragment that is not the first. */
  fragment?: number;
  sourcePort?: number;
  destinationPort?: number;
  sequence?: number;
  acknowledgement?: number;
  tcpFlags?: number;
  timestamp?: number;
  timestampEcho?: number;
  icmpType?: number;
  icmpId?: number;
  icmpSequence?: number;
  /** Bytes behind the transport header, and the first 32 of them in hexadecimal (UDP and ICMP). */
  payload?: number;
  head?: string;
}

/** One thing done to one frame. */
export interface WireEvent {
  /** CLOCK_MONOTONIC; exact to the nanosecond in the first 104 days after the machine's start. */
  timeNs: number;
  direction: string;
  /** Number of the frame in its direction, from 1, and among those that match, since the rules were set. */
  frame: number;
  matched: number;
  action: 'drop' | 'duplicate' | 'reorder' | 'delay';
  why: 'loss' | 'every' | 'range' | 'queue' | 'duplicate' | 'reorder' | 'delay';
  length: number;
  delayNs?: number;
  /** Frames that overtook a reordered one. */
  overtaken?: number;
  packet?: WirePacket;
}

export interface WireCounters {
  frames: number;
  bytes: number;
  dropped: number;
  duplicated: number;
  reordered: number;
  /** Written to a TAP; one that a node's end refused counts in `refused`. */
  delivered: number;
  refused: number;
}

interface Answer {
  id?: number;
  ready?: boolean;
  error?: string;
  counters?: Record<string, WireCounters>;
}

/** The user-space wire between the nodes' uplinks: carries every frame, and writes down what it did to which. */
export class Wire {
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #nodes: PlannedNode[];
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(child: ChildProcess, logPath: string, nodes: PlannedNode[]) {
    this.#child = child;
    this.#logPath = logPath;
    this.#nodes = nodes;
  }

  /**
   * Replaces the rules of the named directions; returns once they hold for the next frame.
   * @throws LabError 'wire' with the wire's own words if it does not take them, or is gone
   */
  async set(settings: WireSettings): Promise<void> {
    await this.#ask({ set: settings });
  }

  /** Totals by direction since the start. */
  async counters(): Promise<Record<string, WireCounters>> {
    return (await this.#ask({})).counters!;
  }

  /** Everything done to any frame until now, in order. */
  async log(): Promise<WireEvent[]> {
    await this.#ask({}); // an answer comes behind the log
    return readWireLog(this.#logPath);
  }

  /** Frames by sending node that the wire never saw, because it was too slow to read them: in no log. */
  async unread(): Promise<Record<string, number>> {
    const counts = this.#nodes.map(async ({ name, netns }) => {
      const { stdout } = await run(['ip', '-n', netns, '-j', '-s', 'link', 'show', 'eth0']);
      const [link] = JSON.parse(stdout) as [{ stats64: { tx: { dropped: number } } }];
      return [name, link.stats64.tx.dropped] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  }

  async #ask(request: object): Promise<Answer> {
    const id = ++this.#lastId;
    const answer = await new Promise<Answer>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve({ error: 'it has ended' });
      this.#waiting.set(id, resolve);
      this.#child.stdin!.write(JSON.stringify({ id, ...request }) + '\n');
    });
    if (answer.error !== undefined) throw new LabError('wire', `the wire refused: ${answer.error}`);
    return answer;
  }

  /** For `startWire`: an answer came, or none will any more. */
  hear(answer: Answer): void {
    this.#waiting.get(answer.id!)?.(answer);
    this.#waiting.delete(answer.id!);
  }

  end(): void {
    for (const id of [...this.#waiting.keys()]) this.hear({ id, error: 'it has ended' });
  }
}

export function readWireLog(path: string): WireEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as WireEvent);
}

/**
 * Starts the wire in the underlay's namespace and gives each node its end as eth0.
 * `standing`: it goes on without this process, with the settings it was started with.
 */
export async function startWire(
  nodes: PlannedNode[],
  underlay: string,
  logPath: string,
  options: WireOptions,
  standing: boolean,
): Promise<Wire> {
  const [missing] = wireMissing();
  if (missing !== undefined) throw new LabError('missing', `missing: ${missing}`);
  const argv = [
    ...[wireProgram, '-log', logPath, '-seed', String(options.seed ?? 1)],
    ...['-settings', JSON.stringify(options.settings ?? {}), ...nodes.map((node) => node.name)],
  ];
  const [command, ...args] = inNamespace(underlay, argv);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: standing });
  const wire = await wireReady(child, logPath, nodes);
  await ipBatch(
    // A burst of segments is longer than the usual queue of 500.
    nodes.map((node) => `link set dev ${node.name} txqueuelen 16384 netns ${node.netns} name eth0`),
    underlay,
  );
  // Nobody will ask a standing wire anything: let this process end without it.
  for (const part of standing ? [child, child.stdin, child.stdout, child.stderr] : [])
    (part as { unref?: () => void }).unref?.();
  return wire;
}

function wireReady(child: ChildProcess, logPath: string, nodes: PlannedNode[]): Promise<Wire> {
  const wire = new Wire(child, logPath, nodes);
  let complaint = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin!.on('error', () => wire.end());
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.ready) resolve(wire);
      else wire.hear(answer);
    });
    child.on('error', reject);
    child.on('close', () => {
      wire.end();
      reject(new LabError('wire', `the wire ended: ${complaint.trim() || 'without a word'}`));
    });
  });
}
