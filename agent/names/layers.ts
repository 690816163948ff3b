/** Names of several files and of Kubernetes, laid over each other and made ready to be looked up. */
import type { Name } from './name.ts';
import type { AddressedEntry, Said } from './said.ts';
import { createAddressTable, type AddressTable } from './table.ts';

/** One agent's file, or what it has from Kubernetes. */
export interface Source {
  node: number;
  said: Said;
  writtenMs: number;
  isFile: boolean;
}

/** Files over all else, and of their kind the newer over the older. */
const byRight = (a: Source, b: Source): number =>
  Number(a.isFile) - Number(b.isFile) || a.writtenMs - b.writtenMs || a.node - b.node;

export interface Index {
  /** Addresses to indices of entries. */
  table: AddressTable;
  entries: AddressedEntry[];
  /** Services by protocol and node port. */
  nodePorts: ReadonlyMap<number, Name>;
  /** Addresses about which two files or two entries differ. */
  contradictions: number;
}

/** @param own nodes' addresses as their devices have them: known without being told, so that everybody may say otherwise */
export function buildIndex(sources: Source[], own: AddressedEntry[]): Index {
  const layers = createLayers();
  const nodePorts = new Map<number, Name>();
  for (const entry of own) layers.put(entry, true);
  for (const { said } of sources.toSorted(byRight)) {
    for (const entry of said.entries) layers.put(entry, false);
    for (const [port, name] of said.nodePorts) nodePorts.set(port, name);
  }
  return { ...layers.end(), nodePorts };
}

interface Laid {
  entry: AddressedEntry;
  isOwn: boolean;
  isDisputed: boolean;
}

/** Pods in their node's own network have the node's address, which then says nothing of the pod. */
const isHostNetwork = (a: Name, b: Name): boolean =>
  (a.kind === 'pod' && b.kind === 'node') || (a.kind === 'node' && b.kind === 'pod');

/** Addresses as they are said, the later over the earlier. */
function createLayers() {
  const laid = new Map<string, Laid>();
  return {
    put(entry: AddressedEntry, isOwn: boolean): void {
      const before = laid.get(entry.key);
      const isShared = before !== undefined && isHostNetwork(before.entry.name, entry.name);
      if (isShared && entry.name.kind === 'pod') return;
      const differs = before !== undefined && !before.isOwn && !isShared && before.entry.name !== entry.name;
      laid.set(entry.key, { entry, isOwn, isDisputed: differs || before?.isDisputed === true });
    },
    end(): Omit<Index, 'nodePorts'> {
      const all = [...laid.values()];
      const table = createAddressTable(all.length);
      all.forEach(({ entry }, at) => table.set(entry.words, 0, at));
      const contradictions = all.filter(({ isDisputed }) => isDisputed).length;
      return { table, entries: all.map(({ entry }) => entry), contradictions };
    },
  };
}
