/** Exact counters, read from the mapped arrays: no system call, and no lock, for only its own CPU writes an entry. */
import type { HopTotals } from '../wire/messages.ts';
import type { Member, Struct } from './layout.ts';

const HIGH = 0x100000000;

/** Where a counter stands, in words of 32 bits from the entry's start. */
function wordAt(struct: Struct, name: string): number {
  const member = struct.fields.find((field) => field.name === name);
  if (!member || member.offset % 8) throw new Error(`the kernel's counters have no ${name}`);
  return member.offset / 4;
}

/** Records that hops could not write, by reason. */
export interface Lost {
  ringFull: number;
  capped: number;
}

/** Reads the hops' totals. `names` are the kinds of unparsed packets in the kernel's order. */
export function createTotalsReader(hops: ArrayBuffer, layout: Struct, perCpu: number, cpus: number, names: string[]) {
  const words = new Uint32Array(hops);
  const entry = layout.size / 4;
  const at = {
    packets: wordAt(layout, 'packets'),
    bytes: wordAt(layout, 'bytes'),
    wirePackets: wordAt(layout, 'wire_packets'),
    own: wordAt(layout, 'own'),
    filtered: wordAt(layout, 'filtered'),
    records: wordAt(layout, 'records'),
    ringFull: wordAt(layout, 'ring_full'),
    capped: wordAt(layout, 'capped'),
  };
  const unparsedAt = wordAt(layout, 'unparsed');

  function sum(hop: number, word: number): number {
    let total = 0;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const place = (cpu * perCpu + hop) * entry + word;
      total += words[place + 1] * HIGH + words[place];
    }
    return total;
  }

  return {
    /** Of all packets that the kernel dropped: every CPU's last hop. */
    readDropTotals(): { packets: number; bytes: number; records: number; recordsLost: number } {
      const hop = perCpu - 1;
      return {
        packets: sum(hop, at.packets),
        bytes: sum(hop, at.bytes),
        records: sum(hop, at.records),
        recordsLost: sum(hop, at.ringFull) + sum(hop, at.capped),
      };
    },
    /** Of one direction of the device in `slot`. */
    readTotals(slot: number, ifindex: number, direction: 0 | 1): HopTotals {
      const hop = 2 * slot + direction;
      return {
        ifindex,
        direction: direction === 0 ? 'ingress' : 'egress',
        packets: sum(hop, at.packets),
        bytes: sum(hop, at.bytes),
        wirePackets: sum(hop, at.wirePackets),
        own: sum(hop, at.own),
        filtered: sum(hop, at.filtered),
        records: sum(hop, at.records),
        ringFull: sum(hop, at.ringFull),
        capped: sum(hop, at.capped),
        unparsed: Object.fromEntries(names.map((name, kind) => [name, sum(hop, unparsedAt + 2 * kind)])),
      };
    },
    /** Adds what both directions of the device in `slot` lost. Often called: it makes no objects. */
    readLost(slot: number, into: Lost): void {
      for (let hop = 2 * slot; hop <= 2 * slot + 1; hop++) {
        into.ringFull += sum(hop, at.ringFull);
        into.capped += sum(hop, at.capped);
      }
    },
  };
}

/** What the controller needs, summed over CPUs since the start. Arrays by level. */
export interface Demand {
  markBytes: Float64Array;
  markPackets: Float64Array;
  packets: number;
  control: number;
}

export const LEVELS = 32;

export const emptyDemand = (): Demand => ({
  markBytes: new Float64Array(LEVELS),
  markPackets: new Float64Array(LEVELS),
  packets: 0,
  control: 0,
});

/** Reads what passed and was chosen by `chooser`, for its controller. Fills `into`. */
export function createDemandReader(
  memory: ArrayBuffer,
  layout: Struct,
  cpus: number,
  perCpu: number,
  chooser: number,
): (into: Demand) => void {
  const words = new Uint32Array(memory);
  const entry = layout.size / 4;
  const array = (name: string): Member => layout.fields.find((field) => field.name === name) as Member;
  const at = {
    markBytes: array('mark_bytes').offset / 4,
    markPackets: array('mark_packets').offset / 4,
    packets: wordAt(layout, 'packets'),
    control: wordAt(layout, 'control'),
  };
  const read = (place: number): number => words[place + 1] * HIGH + words[place];
  return (into) => {
    into.markBytes.fill(0);
    into.markPackets.fill(0);
    into.packets = 0;
    into.control = 0;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const base = (cpu * perCpu + chooser) * entry;
      for (let level = 0; level < LEVELS; level++) {
        into.markBytes[level] += read(base + at.markBytes + 2 * level);
        into.markPackets[level] += read(base + at.markPackets + 2 * level);
      }
      into.packets += read(base + at.packets);
      into.control += read(base + at.control);
    }
  };
}
