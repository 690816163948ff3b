/** Runs cells: real traffic in a lab, what the agents made of it, and what the captures say of that. */
import { setTimeout } from 'node:timers/promises';
import { deferred } from '../../../agent/daemon/deferred.ts';
import type { Summary } from '../../../agent/paths/counting.ts';
import type { Lab, WireRules } from '../../lab/index.ts';
import { clockDifferenceNs } from '../beside.ts';
import { AT_ONCE, captureFile } from '../capture.ts';
import { deliveredThoughDropped } from '../dropped.ts';
import { startCluster, type Cluster } from '../support.ts';
import { inTurn, type Turn } from '../turns.ts';
import { MARGIN_NS, verdictMs, watch, type SeenPath } from '../watch.ts';
import { labOf, nameOf, type Cell } from './cells.ts';
import { readPackets } from './packets.ts';
import { provesNothing } from './judge.ts';
import { applyCell, groups, NEIGHBOUR, RECEIVER, SENDER } from './settings.ts';
import { sendCell, startReceiver, type Sent } from './traffic.ts';
import { compare, readSide, type Comparison, type Side } from './truth.ts';

export interface Outcome {
  cell: Cell;
  sent: Sent;
  /** Bytes of the longest packet that a pod's capture has. */
  longest: number;
  summary: Summary;
  /** By kind of identity. */
  joined: Record<number, number>;
  comparison: Comparison;
  /** Told as arrived although the wire dropped them. */
  resurrected: number;
}

export interface RunOptions {
  /** How long each cell sends. */
  forMs: number;
  /** Whether the labs go when this process is told to end. */
  signals?: boolean;
  onOutcome?: (outcome: Outcome) => void;
}

const damage: WireRules = { loss: 0.01, duplicate: 0.01, reorder: 0.01, jitterMs: 0.2 };

/** Every packet is followed: what may be joined is then all there is. */
const AGENTS = { args: ['--budget', '1000000', '--sample', '0'] };

export async function runCells(cells: Cell[], options: RunOptions): Promise<Outcome[]> {
  const labs = [...new Set(cells.map(labOf))].map((lab) => cells.filter((cell) => labOf(cell) === lab));
  return (await inTurn(labs, (of, turn) => runLab(of, options, turn))).flat();
}

/** Cells of one lab, one after the other; while the last verdicts of one are waited for, the next one runs. */
async function runLab(cells: Cell[], options: RunOptions, turn: Turn): Promise<Outcome[]> {
  await using cluster = await startCell(cells[0], options);
  const outcomes: Promise<Outcome>[] = [];
  let before = Promise.resolve();
  for (const cell of cells) {
    const sent = deferred<void>();
    const outcome = runCell(cluster, cell, options, before, () => sent.resolve());
    outcomes.push(outcome);
    await Promise.race([before, outcome]);
    before = sent.promise;
  }
  void before.then(turn.done);
  const settled: Outcome[] = [];
  for (const outcome of await Promise.all(outcomes)) settled.push(await againWhereNeeded(cluster, outcome, options, turn));
  return settled;
} // prettier-ignore

/** On a busy machine agents may not keep up, and say so. A cell that proves nothing gets another chance or two. */
async function againWhereNeeded(cluster: Cluster, first: Outcome, options: RunOptions, turn: Turn): Promise<Outcome> {
  let outcome = first;
  for (let more = 2; provesNothing(outcome) && more > 0; more--) {
    outcome = await turn.again(() => runCell(cluster, first.cell, options, Promise.resolve(), () => undefined));
  }
  options.onOutcome?.(outcome);
  return outcome;
}

async function startCell({ network, wire }: Cell, { signals = false }: RunOptions): Promise<Cluster> {
  const lab = { signals, ...(wire === 'bad' && { wire: { settings: { '*': damage }, seed: 5 } }) };
  const cluster = await startCluster(`flannel-${network}`, { lab, agents: AGENTS });
  try {
    await Promise.all([startReceiver(cluster.lab, RECEIVER), startReceiver(cluster.lab, NEIGHBOUR, Object.values(groups))]);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
} // prettier-ignore

async function runCell(cluster: Cluster, cell: Cell, options: RunOptions, after: Promise<void>, done: () => void): Promise<Outcome> {
  try {
    const act = async () => {
      const found = await capture(cluster.lab, cell, options.forMs);
      // What begins within its margin is still of this watch: the next cell's traffic must come later.
      void setTimeout((2 * MARGIN_NS) / 1e6).then(done);
      return found;
    };
    const seen = await watch(cluster, act, { after, verdictMs });
    const { sent, sides, clockNs } = seen.result;
    const log = cell.wire === 'bad' ? await cluster.lab.wire.log() : [];
    const outcome: Outcome = {
      cell,
      sent,
      longest: seen.result.longest,
      summary: seen.summary,
      joined: countKinds(seen.paths),
      resurrected: deliveredThoughDropped(seen.paths, log).length,
      comparison: compare(seen.paths, sides, clockNs),
    };
    return outcome;
  } catch (error) {
    const said = cluster.lab.nodes.map(({ name }) => cluster.agents.log(name)).join('');
    throw new Error(`cell "${nameOf(cell)}": ${(error as Error).message}\n${said}`, { cause: error });
  } finally {
    done();
  }
} // prettier-ignore

interface Captured {
  sent: Sent;
  longest: number;
  /** By the pods' addresses. */
  sides: Map<string, Side>;
  /** What the wall clock is ahead of CLOCK_MONOTONIC. */
  clockNs: number;
}

async function capture(lab: Lab, cell: Cell, forMs: number): Promise<Captured> {
  await applyCell(lab, cell);
  const pods = [SENDER, RECEIVER, NEIGHBOUR];
  const captures = await Promise.all(pods.map((pod) => captureFile(lab, pod, AT_ONCE)));
  const sent = await sendCell(lab, cell, forMs);
  const files = await Promise.all(captures.map((end) => end()));
  const packets = files.map(readPackets);
  const sides = new Map<string, Side>();
  pods.forEach((name, i) => {
    const { ip, ip6 } = lab.pod(name);
    const side = readSide(packets[i]);
    sides.set(ip, side).set(ip6, side);
  });
  const longest = packets.flat().reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return { sent, longest, sides, clockNs: clockDifferenceNs() };
}

function countKinds(paths: SeenPath[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { source, destination, ambiguous, identityKind } of paths) {
    if (source.node && destination.node && !ambiguous) counts[identityKind] = (counts[identityKind] ?? 0) + 1;
  }
  return counts;
}
