/** Names of several files and of Kubernetes, laid over each other and made ready to be looked up. */
import { parseAddress } from '../paths/addresses.ts';
import type { Names } from '../wire/messages.ts';
import type { Identify, Name } from './name.ts';
import { shown } from './shown.ts';
import { createAddressTable, type AddressTable } from './table.ts';

/** One agent's file, or what it has from Kubernetes. */
export interface Source {
  node: number;
  names: Names;
  writtenMs: number;
  isFile: boolean;
}

/** Files over all else, and of their kind the newer over the older. */
const byRight = (a: Source, b: Source): number =>
  Number(a.isFile) - Number(b.isFile) || a.writtenMs - b.writtenMs || a.node - b.node;

export interface Entry {
  name: Name;
  /** Of a Service: itself with its port, by protocol and port. */
  ports: ReadonlyMap<number, Name>;
}

export interface AddressedEntry extends Entry {
  words: Uint32Array;
}

export interface Index {
  /** Addresses to indices of entries. */
  table: AddressTable;
  entries: AddressedEntry[];
  /** Services by protocol and node port. */
  nodePorts: ReadonlyMap<number, Name>;
  /** Addresses about which two files or two entries differ. */
  contradictions: number;
}

const protocols = { tcp: 6, udp: 17, sctp: 132 } as const;

/** @param protocol IPPROTO_* */
export const portKey = (protocol: number, port: number): number => (protocol << 16) | port;

const noPorts: ReadonlyMap<number, Name> = new Map();

/** @param own nodes' addresses as their devices have them: known without being told, so that everybody may say otherwise */
export function buildIndex(sources: Source[], own: { name: string; addresses: string[] }[], identify: Identify): Index {
  const layers = createLayers();
  const nodePorts = new Map<number, Name>();
  const putNode = ({ name, addresses }: { name: string; addresses: string[] }, isOwn: boolean): void =>
    layers.put(addresses, nodeEntry(name, identify), isOwn);
  for (const node of own) putNode(node, true);
  for (const { names } of sources.toSorted(byRight)) {
    for (const pod of names.pods) layers.put(pod.addresses, podEntry(pod, identify), false);
    for (const service of names.services) {
      layers.put(service.addresses, serviceEntry(service, nodePorts, identify), false);
    }
    for (const node of names.nodes) putNode(node, false);
  }
  return { ...layers.end(), nodePorts };
}

interface Laid extends AddressedEntry {
  isOwn: boolean;
  isDisputed: boolean;
}

/** Pods in their node's own network have the node's address, which then says nothing of the pod. */
const isHostNetwork = (a: Name, b: Name): boolean =>
  (a.kind === 'pod' && b.kind === 'node') || (a.kind === 'node' && b.kind === 'pod');

/** Addresses as they are said, the later over the earlier. */
function createLayers() {
  const laid = new Map<string, Laid>();

  function putOne(address: string, entry: Entry, isOwn: boolean): void {
    const words = parseAddress(address);
    const key = words.join();
    const before = laid.get(key);
    const isShared = before !== undefined && isHostNetwork(before.name, entry.name);
    if (isShared && entry.name.kind === 'pod') return;
    const differs = before !== undefined && !before.isOwn && !isShared && before.name !== entry.name;
    laid.set(key, { ...entry, words, isOwn, isDisputed: differs || before?.isDisputed === true });
  }

  return {
    put(addresses: string[], entry: Entry, isOwn: boolean): void {
      for (const address of addresses) putOne(address, entry, isOwn);
    },
    end(): Omit<Index, 'nodePorts'> {
      const entries = [...laid.values()];
      const table = createAddressTable(entries.length);
      entries.forEach(({ words }, at) => table.set(words, 0, at));
      return { table, entries, contradictions: entries.filter(({ isDisputed }) => isDisputed).length };
    },
  };
}

function podEntry({ name, namespace, workload, node }: Names['pods'][number], identify: Identify): Entry {
  const pod = identify({
    kind: 'pod', name: shown(name), namespace: shownOrNull(namespace), workload: shownOrNull(workload),
    node: shownOrNull(node), port: 0,
  }); // prettier-ignore
  return { name: pod, ports: noPorts };
}

function nodeEntry(name: string, identify: Identify): Entry {
  const node = shown(name);
  return {
    name: identify({ kind: 'node', name: node, namespace: null, workload: null, node, port: 0 }),
    ports: noPorts,
  };
}

/** Its node ports go into the map of all: they are known by their number, at whichever node. */
function serviceEntry(
  { name, namespace, ports }: Names['services'][number],
  nodePorts: Map<number, Name>,
  identify: Identify,
): Entry {
  const at = (port: number): Name =>
    identify({
      kind: 'service', name: shown(name), namespace: shownOrNull(namespace), workload: null, node: null, port,
    }); // prettier-ignore
  const byPort = new Map<number, Name>();
  for (const { port, nodePort, protocol = 'tcp' } of ports) {
    byPort.set(portKey(protocols[protocol], port), at(port));
    if (nodePort !== undefined) nodePorts.set(portKey(protocols[protocol], nodePort), at(port));
  }
  return { name: at(0), ports: byPort };
}

const shownOrNull = (text: string | undefined): string | null => (text === undefined ? null : shown(text));
