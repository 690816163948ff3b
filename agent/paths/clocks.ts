/**
 * Clock offsets between nodes, from the traffic itself.
 *
 * Let a node's raw clock show t = T + ahead. A packet that left i at t_i and came to j at t_j took no negative time, so
 * ahead_j - ahead_i <= t_j - t_i. Over all nodes the shortest paths (Floyd-Warshall) turn these inequalities into the
 * tightest interval for every pair; its middle corrects, half its width is the bound.
 *
 * A sample of another moment is relaxed by the largest relative drift that two crystals can have, times the time between:
 * so the bound holds without fitting a drift. Super-packets only add delay and therefore never make a constraint wrong.
 *
 * Which packets serve is the caller's choice (sampling.ts): TCP marks and SYNs, and also pings and UDP of one packet, for
 * often there is nothing else. These have no TSval in their identity, but a second one within the join window would
 * have made the identity ambiguous, and ambiguous ones are never handed in.
 */
export interface ClockOptions {
  /** Largest relative drift of two raw clocks: crystals keep within 50 ppm each. */
  maxDriftPpm: number;
  /** Samples older than this say nothing any more. */
  windowMs: number;
}

/** What to take from t_to - t_from to get the true time between, and by how much that can be wrong. */
export interface Correction {
  correctionNs: number;
  boundNs: number;
  /** The part that drift alone makes up. */
  relativeBoundNs: number;
}

export interface Clocks {
  /** As a ratio. */
  maxDrift: number;
  /** A packet left `from` and came to `to`: difference of their raw clocks, each since its own epoch. `timeMs`: viewer's. */
  sample(from: number, to: number, timeMs: number, forwardNs: number): void;
  /** False where unknown: without traffic both ways nothing is guessed. Fills `into`. */
  between(from: number, to: number, timeMs: number, into: Correction): boolean;
  /** Forgets what was known of a node: it has a new stream. */
  reset(node: number): void;
  /** Round trips that came out negative: something was wrong, and the window was thrown away. */
  voided(): number;
}

const CELL_MS = 20;
const CELLS = 256;
const NS_PER_MS = 1e6;

/** The smallest forward time of each cell of 20 ms, as of the cell's middle, and the best of all that went before. */
interface Forward {
  valueNs: Float64Array;
  cell: Float64Array;
  carryNs: number;
  carryCell: number;
}

interface Solution {
  cell: number;
  generation: number;
  nodes: number;
  /** ahead_j - ahead_i <= widest[i * nodes + j] */
  widest: Float64Array;
  drift: Float64Array;
}

const newForward = (): Forward => ({
  valueNs: new Float64Array(CELLS).fill(Infinity),
  cell: new Float64Array(CELLS).fill(-Infinity),
  carryNs: Infinity,
  carryCell: -Infinity,
});

export function createClocks(options: ClockOptions): Clocks {
  const driftPerCellNs = options.maxDriftPpm * 1e-6 * CELL_MS * NS_PER_MS;
  const windowCells = options.windowMs / CELL_MS;
  const forwards: (Forward | undefined)[][] = [];
  const cache: Solution[] = [];
  let generation = 0;
  let voidedCount = 0;

  function forwardOf(from: number, to: number): Forward {
    while (forwards.length <= Math.max(from, to)) forwards.push([]);
    return (forwards[from][to] ??= newForward());
  }

  function sample(from: number, to: number, timeMs: number, forwardNs: number): void {
    const forward = forwardOf(from, to);
    const cell = Math.floor(timeMs / CELL_MS);
    const slot = ((cell % CELLS) + CELLS) % CELLS;
    if (cell < forward.cell[slot]) return;
    if (cell > forward.cell[slot]) {
      carry(forward, slot);
      forward.cell[slot] = cell;
      forward.valueNs[slot] = Infinity;
    }
    const distance = Math.abs(timeMs / CELL_MS - cell - 0.5);
    forward.valueNs[slot] = Math.min(forward.valueNs[slot], forwardNs + distance * driftPerCellNs);
    generation++;
  }

  function carry(forward: Forward, slot: number): void {
    const cell = forward.cell[slot];
    const valueNs = forward.valueNs[slot];
    const older = forward.carryNs + (cell - forward.carryCell) * driftPerCellNs;
    if (valueNs === Infinity || older <= valueNs) return;
    forward.carryNs = valueNs;
    forward.carryCell = cell;
  }

  /** Tightest constraint of one direction at a cell, as [value, drift in it]. Half a cell more holds for all of the cell. */
  function constraint(forward: Forward, cell: number): [number, number] {
    let bestNs = Infinity;
    let bestDriftNs = 0;
    for (let k = -1; k < CELLS; k++) {
      const at = k < 0 ? forward.carryCell : forward.cell[k];
      const valueNs = k < 0 ? forward.carryNs : forward.valueNs[k];
      const distance = Math.abs(cell - at);
      if (valueNs === Infinity || distance > windowCells) continue;
      const driftNs = (distance + 0.5) * driftPerCellNs;
      if (valueNs + driftNs < bestNs) {
        bestNs = valueNs + driftNs;
        bestDriftNs = driftNs;
      }
    }
    return [bestNs, bestDriftNs];
  }

  function solve(cell: number): Solution {
    const slot = ((cell % 16) + 16) % 16;
    const known = cache[slot];
    if (known?.cell === cell && known.generation === generation) return known;
    const nodes = forwards.length;
    const solution: Solution = {
      cell,
      generation,
      nodes,
      widest: new Float64Array(nodes * nodes).fill(Infinity),
      drift: new Float64Array(nodes * nodes),
    };
    for (let i = 0; i < nodes; i++) {
      solution.widest[i * nodes + i] = 0;
      forwards[i].forEach((forward, j) => {
        if (forward) [solution.widest[i * nodes + j], solution.drift[i * nodes + j]] = constraint(forward, cell);
      });
    }
    voidNegative(solution);
    shortestPaths(solution);
    if (hasNegativeCycle(solution)) forget(solution);
    solution.generation = generation;
    return (cache[slot] = solution);
  }

  function voidNegative({ nodes, widest }: Solution): void {
    for (let i = 0; i < nodes; i++) {
      for (let j = 0; j < i; j++) {
        if (widest[i * nodes + j] + widest[j * nodes + i] >= 0) continue;
        widest[i * nodes + j] = widest[j * nodes + i] = Infinity;
        forwards[i][j] = undefined;
        forwards[j][i] = undefined;
        voidedCount++;
      }
    }
  }

  /** Round three or more nodes: nobody knows whose samples are wrong, so all go. */
  function forget({ nodes, widest }: Solution): void {
    for (const of of forwards) of.length = 0;
    for (let at = 0; at < nodes * nodes; at++) widest[at] = at % (nodes + 1) === 0 ? 0 : Infinity;
    voidedCount++;
    generation++;
  }

  function between(from: number, to: number, timeMs: number, into: Correction): boolean {
    if (from === to) {
      into.correctionNs = into.boundNs = into.relativeBoundNs = 0;
      return true;
    }
    const solution = solve(Math.floor(timeMs / CELL_MS));
    const { nodes, widest, drift } = solution;
    if (from >= nodes || to >= nodes) return false;
    const upper = widest[from * nodes + to];
    const lower = -widest[to * nodes + from];
    if (upper === Infinity || lower === -Infinity) return false;
    into.correctionNs = (upper + lower) / 2;
    into.boundNs = (upper - lower) / 2;
    into.relativeBoundNs = Math.min(into.boundNs, (drift[from * nodes + to] + drift[to * nodes + from]) / 2);
    return true;
  }

  function reset(node: number): void {
    forwards.forEach((of, from) => {
      if (from === node) of.length = 0;
      else of[node] = undefined;
    });
    generation++;
  }

  return { maxDrift: options.maxDriftPpm * 1e-6, sample, between, reset, voided: () => voidedCount };
}

function shortestPaths({ nodes, widest, drift }: Solution): void {
  for (let via = 0; via < nodes; via++) {
    for (let i = 0; i < nodes; i++) {
      const first = widest[i * nodes + via];
      if (first === Infinity || i === via) continue;
      for (let j = 0; j < nodes; j++) {
        const sum = first + widest[via * nodes + j];
        if (sum >= widest[i * nodes + j]) continue;
        widest[i * nodes + j] = sum;
        drift[i * nodes + j] = drift[i * nodes + via] + drift[via * nodes + j];
      }
    }
  }
}

function hasNegativeCycle({ nodes, widest }: Solution): boolean {
  // Rounding: raw times go up to 2^53 ns and their differences are whole, the relaxations are not.
  for (let i = 0; i < nodes; i++) if (widest[i * nodes + i] < -1) return true;
  return false;
}
