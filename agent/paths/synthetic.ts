/** For tests: nodes with devices whose packets are known, and the frames that their agents would send. */
import { layLegsPayload, legsPayloadBytes, type Fields } from '../wire/columns.ts';
import { FrameType, encodeFrame } from '../wire/frame.ts';
import { encodeMessage, type Device, type DeviceKind, type Message, type Status } from '../wire/messages.ts';
import { parseAddress } from './addresses.ts';
import { Direction } from './words.ts';

export const fields: Fields = {
  legs: [{ name: 'identity', type: 'u64' }, { name: 'count', type: 'u16' }],
  records: [
    { name: 'timeNs', type: 'u32' }, { name: 'flow', type: 'u16' }, { name: 'ifindex', type: 'u32' },
    { name: 'bytes', type: 'u32' }, { name: 'sequence', type: 'u32' }, { name: 'payload', type: 'u32' },
    { name: 'mark', type: 'u32' }, { name: 'context', type: 'u32' }, { name: 'wirePackets', type: 'u16' },
    { name: 'encapsulation', type: 'u16' }, { name: 'headers', type: 'u16' }, { name: 'drop', type: 'u16' },
    { name: 'direction', type: 'u8' },
    { name: 'kind', type: 'u8' }, { name: 'level', type: 'u8' }, { name: 'exponent', type: 'u8' },
    { name: 'tunnel', type: 'u8' },
  ],
  flows: [
    { name: 'source', type: 'address' }, { name: 'destination', type: 'address' }, { name: 'sourcePort', type: 'u16' },
    { name: 'destinationPort', type: 'u16' }, { name: 'protocol', type: 'u8' },
  ],
}; // prettier-ignore

export interface Flow {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
}

/** One record as a hop would write it; `timeNs` is true time. */
export interface Written {
  node: number;
  ifindex: number;
  direction: number;
  timeNs: number;
  identity: [number, number];
  flow: Flow;
  kind: number;
  level: number;
  exponent?: number;
  bytes?: number;
  sequence?: number;
  payload?: number;
  mark?: number;
  context?: number;
  wirePackets?: number;
  encapsulation?: number;
  drop?: number;
}

export interface Frame {
  bytes: Uint8Array;
  /** When it reaches the reader. */
  atMs: number;
}

export const Ifindex = { eth0: 2, flannel: 4, cni0: 5, pods: 10 } as const;

export const podAddress = (node: number, pod: number): string => `10.244.${node + 1}.${pod + 2}`;
export const nodeAddress = (node: number): string => `192.168.1.${node + 10}`;

export const device = (ifindex: number, name: string, kind: DeviceKind, more: Partial<Device> = {}): Device => ({
  ifindex, name, kind, linkType: '', mtu: 1500, mac: '', up: true, addresses: [], master: 0, attached: true,
  foreignPrograms: { ingress: 0, egress: 0 }, ...more,
}); // prettier-ignore

/** A node as Flannel makes it, with two pods. */
export const flannelDevices = (node: number): Device[] => [
  device(Ifindex.eth0, 'eth0', 'uplink', { addresses: [nodeAddress(node)] }),
  device(Ifindex.flannel, 'flannel.1', 'vxlan', { addresses: [`10.244.${node + 1}.0`] }),
  device(Ifindex.cni0, 'cni0', 'bridge', { addresses: [`10.244.${node + 1}.1`] }),
  device(Ifindex.pods, 'veth0', 'pod', { master: Ifindex.cni0 }),
  device(Ifindex.pods + 1, 'veth1', 'pod', { master: Ifindex.cni0 }),
];

/** One agent: its stream's frames in order, on a clock that is ahead of true time. */
export interface Agent {
  hello(atMs: number): Frame;
  status(atMs: number, more?: Partial<Status>): Frame;
  legs(atMs: number, records: Written[]): Frame;
  message(atMs: number, message: Message): Frame;
  /** Loses a frame on the way. */
  skip(): void;
}

export function createAgent(
  node: number,
  devices = flannelDevices(node),
  aheadNs = 0,
  marks = 0,
  probePort?: number,
): Agent {
  const stream = 1000 + node;
  let sequence = 0;
  // Stream time 0 is true time 0 shown by this node's clock.
  const shownNs = (trueNs: number): number => trueNs + aheadNs;
  const message = (atMs: number, body: Message): Frame => ({
    atMs,
    bytes: encodeMessage({ stream, sequence: sequence++, timeMs: 0 }, body),
  });
  return {
    message,
    skip: () => void sequence++,
    hello: (atMs) =>
      message(atMs, {
        type: 'hello', node: `n${node + 1}`, hoplens: '0', kernel: { release: '6', hooks: 'tcx', bootId: '' },
        epochNs: '1000', rawEpochNs: '1000', realtimeEpochNs: '1795696865000000000', startedAt: '', fields, devices, ...(probePort !== undefined && { probePort }),
        limits: { budget: 0, ringBytes: 0, maxDevices: 0, maxFrameBytes: 0 },
      }), // prettier-ignore
    status: (atMs, more) =>
      message(atMs, {
        type: 'status', timeNs: shownNs(atMs * 1e6), clockPairs: [],
        exponents: [{ fromNs: -1e15, marks, packets: 0, control: 0 }], blind: [], totals: [],
        cost: { cpuMs: 0, rssBytes: 0, recordsPerSecond: 0 }, ...more,
      }), // prettier-ignore
    legs: (atMs, records) => ({
      atMs,
      bytes: encodeFrame(
        { type: FrameType.legs, stream, sequence: sequence++, timeMs: 0 },
        encodeLegs(records.map((record) => ({ ...record, timeNs: shownNs(record.timeNs) }))),
      ),
    }),
  };
}

/** The payload of a legs frame with these records (times on the node's clock). */
export function encodeLegs(records: Written[]): Uint8Array {
  const legs = new Map<string, Written[]>();
  for (const record of records) {
    const key = record.identity.join();
    legs.set(key, [...(legs.get(key) ?? []), record]);
  }
  const sorted = [...legs.values()].map((leg) => leg.toSorted((a, b) => a.timeNs - b.timeNs));
  const all = sorted.flat();
  const flowKeys = [...new Set(all.map((record) => JSON.stringify(record.flow)))];
  const flowIndex = new Map(flowKeys.map((key, i) => [key, i]));
  const payload = new Uint8Array(legsPayloadBytes(fields, sorted.length, all.length, flowKeys.length));
  const baseNs = all.reduce((least, record) => Math.min(least, record.timeNs), Infinity);
  const laid = layLegsPayload(payload, fields, baseNs, sorted.length, all.length, flowKeys.length);
  sorted.forEach((leg, i) => {
    laid.legs['identity'].set(leg[0].identity, 2 * i);
    laid.legs['count'][i] = leg.length;
  });
  all.forEach((record, i) => {
    const values: Record<string, number> = {
      sequence: 0, payload: 0, mark: 0, context: 0, wirePackets: 1, encapsulation: 0, drop: 0, exponent: 0, bytes: 98, headers: 54,
      ...(record as unknown as Record<string, number>),
      timeNs: record.timeNs - baseNs, flow: flowIndex.get(JSON.stringify(record.flow))!,
      tunnel: record.encapsulation ? 1 : 0,
    }; // prettier-ignore
    for (const field of fields.records) laid.records[field.name][i] = values[field.name];
  });
  flowKeys.forEach((key, i) => {
    const flow = JSON.parse(key) as Flow;
    laid.flows['source'].set(new Uint8Array(parseAddress(flow.source).buffer), 16 * i);
    laid.flows['destination'].set(new Uint8Array(parseAddress(flow.destination).buffer), 16 * i);
    laid.flows['sourcePort'][i] = flow.sourcePort;
    laid.flows['destinationPort'][i] = flow.destinationPort;
    laid.flows['protocol'][i] = flow.protocol;
  });
  return payload;
}

export interface Hop {
  node: number;
  ifindex: number;
  direction: number;
  encapsulation?: number;
}

/** The hops of a packet from pod to pod over VXLAN, or over the bridge of one node. */
export function podToPod(from: number, fromPod: number, to: number, toPod: number): Hop[] {
  const { ingress, egress } = Direction;
  const first = { node: from, ifindex: Ifindex.pods + fromPod, direction: ingress };
  const last = { node: to, ifindex: Ifindex.pods + toPod, direction: egress };
  if (from === to) return [first, last];
  return [
    first,
    { node: from, ifindex: Ifindex.cni0, direction: ingress },
    { node: from, ifindex: Ifindex.flannel, direction: egress },
    { node: from, ifindex: Ifindex.eth0, direction: egress, encapsulation: 50 },
    { node: to, ifindex: Ifindex.eth0, direction: ingress, encapsulation: 50 },
    { node: to, ifindex: Ifindex.flannel, direction: ingress },
    { node: to, ifindex: Ifindex.cni0, direction: egress },
    last,
  ];
}

export const podFlow = (from: number, fromPod: number, to: number, toPod: number, protocol = 1): Flow => ({
  source: podAddress(from, fromPod), destination: podAddress(to, toPod),
  sourcePort: protocol === 1 ? 0 : 40000, destinationPort: protocol === 1 ? 0 : 80, protocol,
}); // prettier-ignore

/** Hellos at 0, statuses each 500 ms, and each node's records in frames of 20 ms. */
export function framesOf(agents: Agent[], records: Written[], untilMs: number): Frame[] {
  const frames = agents.map((agent) => agent.hello(0));
  agents.forEach((agent, node) => {
    const due = new Map<number, Written[]>();
    for (const record of records) {
      if (record.node !== node) continue;
      const atMs = Math.floor(record.timeNs / 20e6) * 20 + 20;
      if (!due.get(atMs)?.push(record)) due.set(atMs, [record]);
    }
    for (let atMs = 20; atMs <= untilMs; atMs += 20) {
      if (due.has(atMs)) frames.push(agent.legs(atMs + 20, due.get(atMs)!));
      if (atMs % 500 === 0) frames.push(agent.status(atMs + 20));
    }
  });
  return frames;
}
