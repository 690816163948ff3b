/** A decoded legs frame with its columns under fixed names, so that reading one is a load and not a search. */
import { decodeLegsPayload, REQUIRED_FIELDS, type Column, type Columns, type Fields } from '../wire/columns.ts';
import { WireError } from '../wire/frame.ts';
import type { Stream } from './streams.ts';

export interface LegsFrame {
  stream: Stream;
  baseNs: number;
  legCount: number;
  recordCount: number;
  /** Low and high half of each leg's identity. */
  identity: Uint32Array;
  /** Records of each leg. */
  count: Column;
  timeNs: Column;
  flow: Column;
  ifindex: Column;
  bytes: Column;
  sequence: Column;
  payload: Column;
  mark: Column;
  context: Column;
  wirePackets: Column;
  encapsulation: Column;
  headers: Column;
  /** 1 + number of the place; 0 without. */
  drop: Column;
  direction: Column;
  kind: Column;
  level: Column;
  exponent: Column;
  tunnel: Column;
  /** Absent in streams whose hello does not name them. */
  tcpFlags: Column | undefined;
  ttl: Column | undefined;
  vni: Column | undefined;
  vlan: Column | undefined;
  /** 1 + the exponent of what a filter matched there; 0: none did. */
  filter: Column | undefined;
  /** Four words of network order an address. */
  source: Uint32Array;
  destination: Uint32Array;
  sourcePort: Column;
  destinationPort: Column;
  protocol: Column;
  /** By record: what arrivals.ts says of it. */
  arrival: Uint8Array;
}

const special: Record<string, string> = { identity: 'u64', source: 'address', destination: 'address' };

/** @throws WireError 'columns' when fields that paths need are missing or of a type that they cannot have */
export function checkFields(fields: Fields): void {
  for (const table of ['legs', 'records', 'flows'] as const) {
    for (const name of REQUIRED_FIELDS[table]) {
      const type = fields[table].find((field) => field.name === name)?.type;
      const wanted = special[name] ?? 'u8, u16 or u32';
      const good = special[name] ? type === special[name] : type === 'u8' || type === 'u16' || type === 'u32';
      if (!good) throw new WireError('columns', `field ${name} of ${table} is ${type ?? 'missing'}, wanted ${wanted}`);
    }
  }
}

const words = (column: Column): Uint32Array =>
  new Uint32Array(column.buffer as ArrayBuffer, column.byteOffset, column.length >> 2);

/** @throws WireError 'columns' */
export function readLegsFrame(stream: Stream, payload: Uint8Array): LegsFrame {
  const decoded = decodeLegsPayload(payload, stream.fields);
  const records: Columns = decoded.records;
  const flows: Columns = decoded.flows;
  return {
    stream,
    baseNs: decoded.baseNs,
    legCount: decoded.legCount,
    recordCount: decoded.recordCount,
    identity: decoded.legs['identity'] as Uint32Array,
    count: decoded.legs['count'],
    timeNs: records['timeNs'],
    flow: records['flow'],
    ifindex: records['ifindex'],
    bytes: records['bytes'],
    sequence: records['sequence'],
    payload: records['payload'],
    mark: records['mark'],
    context: records['context'],
    wirePackets: records['wirePackets'],
    encapsulation: records['encapsulation'],
    headers: records['headers'],
    drop: records['drop'],
    direction: records['direction'],
    kind: records['kind'],
    level: records['level'],
    exponent: records['exponent'],
    tunnel: records['tunnel'],
    tcpFlags: records['tcpFlags'],
    ttl: records['ttl'],
    vni: records['vni'],
    vlan: records['vlan'],
    filter: records['filter'],
    source: words(flows['source']),
    destination: words(flows['destination']),
    sourcePort: flows['sourcePort'],
    destinationPort: flows['destinationPort'],
    protocol: flows['protocol'],
    arrival: new Uint8Array(decoded.recordCount),
  };
}
