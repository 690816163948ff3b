/**
 * What one source says, made ready to be laid over others: that is most of the work, and is done once for each message, however many others
 * change.
 */
import { parseAddress } from '../paths/addresses.ts';
import type { Names } from '../wire/messages.ts';
import type { Identify, Name } from './name.ts';
import { shown } from './shown.ts';

/** Who has an address. */
export interface AddressedEntry extends Entry {
  words: Uint32Array;
  key: string;
}

export interface Entry {
  name: Name;
  /** Of a Service: itself with its port, by protocol and port. */
  ports: ReadonlyMap<number, Name>;
}

export interface Said {
  entries: AddressedEntry[];
  /** Services by protocol and node port: they are known by their number, at whichever node. */
  nodePorts: ReadonlyMap<number, Name>;
}

const protocols = { tcp: 6, udp: 17, sctp: 132 } as const;

/** @param protocol IPPROTO_* */
export const portKey = (protocol: number, port: number): number => (protocol << 16) | port;

const noPorts: ReadonlyMap<number, Name> = new Map();

export function readNames({ pods, services, nodes }: Names, identify: Identify): Said {
  const nodePorts = new Map<number, Name>();
  const entries = [
    ...pods.flatMap((pod) => addressed(pod.addresses, podEntry(pod, identify))),
    ...services.flatMap((service) => addressed(service.addresses, serviceEntry(service, nodePorts, identify))),
    ...nodes.flatMap((node) => addressed(node.addresses, nodeEntry(node.name, identify))),
  ];
  return { entries, nodePorts };
}

function addressed(addresses: string[], entry: Entry): AddressedEntry[] {
  return addresses.map((address) => {
    const words = parseAddress(address);
    return { ...entry, words, key: words.join() };
  });
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

/** Its node ports go into the map of all. */
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
