/**
 * Who has an address, as all agents' names files and Kubernetes say it together. Where two differ, the newer is right, and a file
 * always: a person wrote it.
 *
 * Names have no times of their own: a path bears the names that are known when it is told. A pod that takes over another's
 * address takes its paths over with the file that says so.
 */
import { formatAddress } from '../paths/addresses.ts';
import type { Names } from '../wire/messages.ts';
import { buildIndex, type Index, type Source } from './layers.ts';
import { createIdentities, type Name } from './name.ts';
import { portKey, readNames, type AddressedEntry } from './said.ts';

export interface NameBook {
  /** Replaces what this node's agent says: by its file, and by what it has from Kubernetes. */
  set(node: number, names: Names, writtenMs: number, kubernetes?: { names: Names; writtenMs: number }): void;
  /** Replaces a node's own addresses, as its agent sees them. */
  setOwn(node: number, name: string, addresses: string[]): void;
  forget(node: number): void;
  /** Who is meant by an address and port: a Service where the port is one of its node ports. Undefined where nobody said. */
  find(words: Uint32Array, at: number, port: number, protocol: number): Name | undefined;
  /** All addresses of those that are chosen. */
  addressesOf(chooses: (name: Name) => boolean): string[];
  /** Addresses that have a name, and those of them about which two files or two entries differ. */
  counts(): NameCounts;
}

export interface NameCounts {
  addresses: number;
  contradictions: number;
}

export function createNameBook(): NameBook {
  const sources = new Map<number, Source[]>();
  const own = new Map<number, { text: string; entries: AddressedEntry[] }>();
  const identify = createIdentities();
  let index: Index | undefined;
  let isStale = false;

  const allOwn = (): AddressedEntry[] => [...own.values()].flatMap(({ entries }) => entries);

  function indexNow(): Index | undefined {
    if (isStale) index = sources.size === 0 ? undefined : buildIndex([...sources.values()].flat(), allOwn());
    isStale = false;
    return index;
  }

  return {
    set(node, names, writtenMs, kubernetes) {
      const source = (from: Names, at: number, isFile: boolean): Source => ({
        node, said: readNames(from, identify), writtenMs: at, isFile,
      }); // prettier-ignore
      const file = source(names, writtenMs, true);
      sources.set(node, kubernetes ? [source(kubernetes.names, kubernetes.writtenMs, false), file] : [file]);
      isStale = true;
    },
    setOwn(node, name, addresses) {
      const text = [name, ...addresses].join();
      if (own.get(node)?.text === text) return;
      const { entries } = readNames({ pods: [], services: [], nodes: [{ name, addresses }] }, identify);
      own.set(node, { text, entries });
      isStale = true;
    },
    forget(node) {
      isStale = sources.delete(node) || isStale;
    },
    find(words, at, port, protocol) {
      const found = indexNow();
      const entry = found?.entries[found.table.get(words, at)];
      if (entry?.name.kind === 'service') return entry.ports.get(portKey(protocol, port)) ?? entry.name;
      if (entry?.name.kind === 'node') return found?.nodePorts.get(portKey(protocol, port)) ?? entry.name;
      return entry?.name;
    },
    addressesOf(chooses) {
      const entries = indexNow()?.entries ?? [];
      return entries.filter(({ name }) => chooses(name)).map(({ words }) => formatAddress(words, 0));
    },
    counts() {
      const found = indexNow();
      return { addresses: found?.entries.length ?? 0, contradictions: found?.contradictions ?? 0 };
    },
  };
}
