/**
 * A recording's frames once more, later. Each lap has other pods: their addresses, names, devices and clients' ports are new,
 * as they are where pods come and go, and so are the identities of all packets. Agents start again now and then.
 */
import { formatAddress, isIpv4, parseAddress } from '../../agent/paths/addresses.ts';
import { decodeLegsPayload, type Columns, type Fields } from '../../agent/wire/columns.ts';
import { FrameType, HEADER_BYTES, NO_STREAM, decodeFrame, encodeFrame, type Frame } from '../../agent/wire/frame.ts';
import {
  decodeMessage, encodeMessage, type Device, type Hello, type Message, type NamesMessage, type Status,
} from '../../agent/wire/messages.ts'; // prettier-ignore

export interface Lap {
  /** 0 is the recording itself. */
  number: number;
  /** Laps since the agents started. */
  sinceStart: number;
  starts: number;
}

/** Undefined: that is not said again. */
export type Later = (frame: Uint8Array, lap: Lap) => Uint8Array | undefined;

const FIRST_CLIENT_PORT = 32_768;
const CLIENT_PORTS = 28_000;

/** @param lapMs longer than the recording */
export function createLater(recording: readonly Uint8Array[], lapMs: number): Later {
  const hellos = new Map<number, Hello>();
  const totals = new Map<number, Status>();
  const sequences = new Map<number, number>();
  for (const bytes of recording) {
    const frame = decodeFrame(bytes);
    const message = frame.type === FrameType.legs ? undefined : decodeMessage(frame);
    if (message?.type === 'hello') hellos.set(frame.stream, message);
    if (message?.type === 'status') totals.set(frame.stream, message);
  }

  return (bytes, lap) => {
    const frame = decodeFrame(bytes);
    if (frame.stream === NO_STREAM) return lap.sinceStart === 0 ? bytes : undefined;
    const hello = hellos.get(frame.stream)!;
    const shiftMs = lap.sinceStart * lapMs;
    const stream = (frame.stream + lap.starts) >>> 0;
    const place = (): Omit<Frame, 'type' | 'payload'> => {
      const sequence = sequences.get(stream) ?? 0;
      sequences.set(stream, sequence + 1);
      return { stream, sequence, timeMs: frame.timeMs + shiftMs };
    };
    if (frame.type === FrameType.legs) return laterLegs({ ...frame, ...place() }, hello, lap, shiftMs * 1e6);
    const message = decodeMessage(frame);
    if (message.type === 'hello')
      return lap.sinceStart === 0 ? encodeMessage(place(), laterHello(hello, lap, lapMs)) : undefined;
    return encodeMessage(place(), laterMessage(message, hello, totals.get(frame.stream)!, lap, shiftMs * 1e6));
  };
}

function laterLegs(frame: Frame, { fields, devices }: Hello, { number }: Lap, shiftNs: number): Uint8Array {
  const bytes = encodeFrame(frame, frame.payload);
  const base = new DataView(bytes.buffer, HEADER_BYTES);
  base.setFloat64(0, base.getFloat64(0, true) + shiftNs, true);
  const { legs, records, flows } = decodeLegsPayload(bytes.subarray(HEADER_BYTES), fields);
  for (let high = 1; high < legs['identity'].length; high += 2) legs['identity'][high] += Math.imul(number, 0x9e3779b1);
  const pods = new Set(devices.filter(({ kind }) => kind === 'pod').map(({ ifindex }) => ifindex));
  const { ifindex } = records;
  ifindex.forEach((each, row) => void (pods.has(each) && (ifindex[row] = podIfindex(each, number))));
  moveFlows(flows, fields, number);
  return bytes;
}

function moveFlows(flows: Columns, fields: Fields, lap: number): void {
  for (const { name, type } of fields.flows) {
    const column = flows[name];
    if (type === 'address') {
      const words = new Uint32Array(column.buffer, column.byteOffset, column.length / 4);
      for (let at = 0; at < words.length; at += 4) moveAddress(words, at, lap);
    } else if (name.endsWith('Port')) column.forEach((port, flow) => (column[flow] = laterPort(port, lap)));
  }
}

const laterPort = (port: number, lap: number): number =>
  port < FIRST_CLIENT_PORT ? port : FIRST_CLIENT_PORT + ((port - FIRST_CLIENT_PORT + lap * 97) % CLIENT_PORTS);

/** Pods of the recording have 10.244.0.0/16 and fd00:10:244::/48. */
function moveAddress(words: Uint32Array, at: number, lap: number): void {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + 4 * at, 16);
  if (isIpv4(words, at)) {
    if (bytes[12] !== 10 || bytes[13] !== 244) return;
    bytes[13] = 64 + (lap >> 6);
    bytes[14] += 4 * (lap & 63);
  } else if (bytes[0] === 0xfd && bytes[3] === 0x10 && bytes[5] === 0x44) {
    new DataView(bytes.buffer, bytes.byteOffset).setUint16(6, bytes[7] + 4 * lap);
  }
}

function laterAddress(text: string, lap: number): string {
  const words = parseAddress(text);
  moveAddress(words, 0, lap);
  return formatAddress(words, 0);
}

const podIfindex = (ifindex: number, lap: number): number => ifindex + 16 * lap;

const laterDevice = (device: Device, lap: number): Device => ({
  ...device,
  addresses: device.addresses.map((address) => laterAddress(address, lap)),
  ...(device.kind === 'pod' && { ifindex: podIfindex(device.ifindex, lap), name: `${device.name}${lap}` }),
});

function laterHello(hello: Hello, { number }: Lap, lapMs: number): Hello {
  const shifted = (ns: string): string => String(BigInt(ns) + BigInt(number * lapMs) * 1_000_000n);
  const { realtimeEpochNs } = hello;
  return {
    ...hello,
    epochNs: shifted(hello.epochNs),
    rawEpochNs: shifted(hello.rawEpochNs),
    ...(realtimeEpochNs !== undefined && { realtimeEpochNs: shifted(realtimeEpochNs) }),
    startedAt: new Date(Date.parse(hello.startedAt) + number * lapMs).toISOString(),
    devices: hello.devices.map((device) => laterDevice(device, number)),
  };
}

function laterMessage(message: Message, hello: Hello, last: Status, lap: Lap, shiftNs: number): Message {
  switch (message.type) {
    case 'status':
      return laterStatus(message, hello, last, lap, shiftNs);
    case 'devices':
      return {
        ...message,
        timeNs: message.timeNs + shiftNs,
        devices: message.devices.map((device) => laterDevice(device, lap.number)),
      };
    case 'names':
      return laterNames(message, lap.number, shiftNs);
    case 'places':
      return { ...message, timeNs: message.timeNs + shiftNs };
    case 'hello':
    case 'missed':
    case 'peers':
    case 'history':
      return message;
  }
}

const laterNames = (names: NamesMessage, lap: number, shiftNs: number): NamesMessage => ({
  ...names,
  timeNs: names.timeNs + shiftNs,
  writtenMs: names.writtenMs + lap,
  pods: names.pods.map((pod) => ({
    ...pod,
    name: `${pod.name}${lap}`,
    addresses: pod.addresses.map((address) => laterAddress(address, lap)),
  })),
});

/** Totals rise from lap to lap, but for those of pods' devices, which are new. */
function laterStatus(status: Status, hello: Hello, last: Status, lap: Lap, shiftNs: number): Status {
  const pods = new Set(hello.devices.filter(({ kind }) => kind === 'pod').map(({ ifindex }) => ifindex));
  const { sinceStart, number } = lap;
  const { clockPairs, exponents, blind, totals, drops, cost } = status;
  return {
    ...status,
    timeNs: status.timeNs + shiftNs,
    clockPairs: clockPairs.map(([monotonicNs, rawNs, ...more]) => [monotonicNs + shiftNs, rawNs + shiftNs, ...more]),
    exponents: exponents.map((entry) => ({ ...entry, fromNs: entry.fromNs + shiftNs })),
    blind: blind.map((entry) => ({ ...entry, fromNs: entry.fromNs + shiftNs, toNs: entry.toNs + shiftNs })),
    totals: totals.map((hop, at) =>
      pods.has(hop.ifindex)
        ? { ...hop, ifindex: podIfindex(hop.ifindex, number) }
        : raised(hop, last.totals[at], ['ifindex'], sinceStart),
    ),
    ...(drops && { drops: raised(drops, last.drops!, [], sinceStart) }),
    cost: raised(cost, last.cost, ['rssBytes', 'recordsPerSecond'], sinceStart),
  };
}

/** Numbers that count since the start, after so many laps more. */
function raised<T extends object>(counts: T, last: T, but: readonly string[], laps: number): T {
  const of = last as Record<string, unknown>;
  const entries = Object.entries(counts).map(([name, value]: [string, unknown]): [string, unknown] => {
    if (but.includes(name)) return [name, value];
    if (typeof value === 'number') return [name, value + laps * ((of[name] as number | undefined) ?? 0)];
    return [name, value !== null && typeof value === 'object' ? raised(value, of[name] ?? {}, [], laps) : value];
  });
  return Object.fromEntries(entries) as T;
}
