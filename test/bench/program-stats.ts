/** The kernel's own account of what programs cost: time and runs of ours, and of an empty one at the same hooks. */
import { closeSync } from 'node:fs';
import { attachType, bpf, inNetns, loadEmpty, programInfo, tcxProgramIds, type Direction } from '../faults/bpf.ts';

export interface Runs {
  timeNs: number;
  runs: number;
}

export interface ProgramStats {
  /** Hooks at which our programs sit, and since now the empty one too. */
  hooks: number;
  ours(): Runs;
  empty(): Runs;
  close(): void;
}

const EMPTY = 'bench_empty';
const directions = Object.keys(attachType) as Direction[];

const sum = (ids: Iterable<number>): Runs =>
  [...ids].map(programInfo).reduce((all, { runTimeNs, runs }) => ({ timeNs: all.timeNs + runTimeNs, runs: all.runs + runs }), { timeNs: 0, runs: 0 }); // prettier-ignore

const meanNs = (from: Runs, to: Runs): number => (to.timeNs - from.timeNs) / (to.runs - from.runs);

/** Mean time of a run of ours beyond that of the empty program, and of that one, between two readings. */
export function costBetween(from: [Runs, Runs], to: [Runs, Runs]): { addedNs: number; emptyNs: number } {
  const emptyNs = meanNs(from[1], to[1]);
  return { addedNs: meanNs(from[0], to[0]) - emptyNs, emptyNs };
}

/**
 * Puts an empty program behind ours wherever ours are in these namespaces, and lets the kernel count. All of it goes
 * with this process at the latest.
 * @param places network namespaces by name, with their devices
 */
export function openProgramStats(places: { netns: string; ifindexes: number[] }[]): ProgramStats {
  const empty = loadEmpty(EMPTY);
  const open = [empty, bpf('enableStats', { 0: 0 })];
  const ours = new Set<number>();
  const empties = new Set<number>();
  let hooks = 0;

  function join(ifindex: number, direction: Direction): void {
    const own = tcxProgramIds(ifindex, direction).filter((id) => programInfo(id).name === `hoplens_${direction}`);
    if (own.length === 0) return;
    open.push(bpf('linkCreate', { 0: empty, 4: ifindex, 8: attachType[direction] }));
    for (const id of own) ours.add(id);
    for (const id of tcxProgramIds(ifindex, direction)) if (programInfo(id).name === EMPTY) empties.add(id);
    hooks++;
  }

  const close = (): void => open.reverse().forEach((fd) => closeSync(fd));
  try {
    for (const { netns, ifindexes } of places) {
      inNetns(netns, () => ifindexes.forEach((ifindex) => directions.forEach((direction) => join(ifindex, direction))));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { hooks, ours: () => sum(ours), empty: () => sum(empties), close };
}
