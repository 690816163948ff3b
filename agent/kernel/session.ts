/** The kernel's side, opened: programs loaded, ring and counters mapped. */
import { readFileSync } from 'node:fs';
import type { Exponents } from '../wire/messages.ts';
import { createDropsReader, type DropsReader } from './drops.ts';
import { recordLayout, type RecordLayout, type Struct } from './layout.ts';
import { loadLibrary, type Library, type Opened, type OpenRequest } from './library.ts';
import { mapMemory } from './memory.ts';
import { createRingReader, type Ring } from './ring.ts';
import { createDemandReader, createTotalsReader } from './totals.ts';

/** The kernel's programs read this at every packet: what is written is in force at once. */
export interface KernelConfig {
  setExponents(exponents: Exponents): void;
  /** Of what the filter matches; never above the sample's, for that must stay whole. */
  setFilterExponents(exponents: Exponents): void;
  /** Whether the filter is asked. */
  setFiltering(filtering: boolean): void;
  /** Records a second that the sample and the filter may write; short bursts of each processor may be more. */
  setCaps(sample: number, filter: number): void;
  /** Ports of our own connections; the endpoints themselves are the library's to keep. */
  setOwnPorts(ports: number[]): void;
  /** At most eight; the rest is returned. */
  setVxlanPorts(ports: number[]): number[];
}

type TotalsReader = ReturnType<typeof createTotalsReader>;

export interface KernelSession {
  library: Library;
  opened: Opened;
  layout: RecordLayout;
  ring: Ring;
  config: KernelConfig;
  readTotals: TotalsReader['readTotals'];
  readLost: TotalsReader['readLost'];
  readDropTotals: TotalsReader['readDropTotals'];
  readDemand: ReturnType<typeof createDemandReader>;
  /** The same of what the filter matched. */
  readFilterDemand: ReturnType<typeof createDemandReader>;
  /** Undefined where drops are not watched. */
  drops: DropsReader | undefined;
}

/** Time for which the ring holds what the CPUs may write at most. */
const RING_MS = 120;
const MIN_RING_BYTES = 1 << 18;
const MAX_RING_BYTES = 1 << 25;

/** The cap of one CPU in the moment before the controller sees a burst: this many times the budget. */
const BURST = 4;

/** WINDOW_SHIFT of bpf/record.h: 17 ms. */
const WINDOWS_PER_SECOND = 1e9 / 2 ** 24;

/** Records that one CPU may write in a window. */
const recordsPerWindow = (budget: number): number => Math.max(32, Math.ceil((BURST * budget) / WINDOWS_PER_SECOND));

const nextPowerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));

/** Records that can come in `ms` at most. */
export const peakRecords = (budget: number, cpus: number, ms: number): number =>
  Math.ceil((recordsPerWindow(budget) * cpus * ms * WINDOWS_PER_SECOND) / 1000);

/** Of a record with its header, about: the ring is sized before the layout is known. */
const STRIDE_BYTES = 112;

export function ringBytesFor(budget: number, cpus: number): number {
  const bytes = nextPowerOfTwo(peakRecords(budget, cpus, RING_MS) * STRIDE_BYTES);
  return Math.min(MAX_RING_BYTES, Math.max(MIN_RING_BYTES, bytes));
}

export function poolCapacityFor(budget: number, cpus: number, ms: number): number {
  return Math.min(1 << 18, nextPowerOfTwo(peakRecords(budget, cpus, ms)));
}

const nothing: Exponents = { marks: 0, packets: 0, control: 0 };

export const lowest = (a: Exponents, b: Exponents): Exponents => ({
  marks: Math.min(a.marks, b.marks),
  packets: Math.min(a.packets, b.packets),
  control: Math.min(a.control, b.control),
});

function createConfig(memory: ArrayBuffer, layout: Struct): KernelConfig {
  const at = (name: string): number => {
    const member = layout.fields.find((field) => field.name === name);
    if (!member) throw new Error(`the kernel's configuration has no ${name}`);
    return member.offset;
  };
  const words = new Int32Array(memory);
  const view = new DataView(memory);
  /** By chooser (bpf/record.h): the sample's configuration, the filter's. */
  const entries = [0, layout.size];
  let [sample, filter]: Exponents[] = [nothing, nothing];
  const write = (entry: number, { marks, packets, control }: Exponents): void => {
    Atomics.store(words, (entry + at('mark_exponent')) / 4, marks);
    Atomics.store(words, (entry + at('packet_exponent')) / 4, packets);
    Atomics.store(words, (entry + at('control_exponent')) / 4, control);
  };
  const writeBoth = (): void => {
    write(entries[1], lowest(sample, filter));
    write(entries[0], sample);
  };
  const ports = layout.fields.find((field) => field.name === 'vxlan_ports')?.count ?? 0;
  return {
    setExponents(exponents) {
      sample = exponents;
      writeBoth();
    },
    setFilterExponents(exponents) {
      filter = exponents;
      writeBoth();
    },
    setFiltering: (filtering) => void Atomics.store(words, at('filtering') / 4, Number(filtering)),
    setCaps(...budgets) {
      budgets.forEach((budget, chooser) =>
        Atomics.store(words, (entries[chooser] + at('records_per_window')) / 4, recordsPerWindow(budget)),
      );
    },
    setOwnPorts(own) {
      const mask = own.reduce((bits, port) => bits | (1n << BigInt(port & 63)), 0n);
      for (const entry of entries) view.setBigUint64(entry + at('own_ports'), mask, true);
    },
    setVxlanPorts(wanted) {
      const distinct = [...new Set(wanted)];
      for (let i = 0; i < ports; i++) view.setUint16(at('vxlan_ports') + 2 * i, distinct[i] ?? 0, true);
      return distinct.slice(ports);
    },
  };
}

/** Names of an enum's values without their common prefix: UNPARSED_NOT_IP is notIp. Ends at `..._KINDS`. */
export function enumNames(values: Record<string, number>, prefix: string): string[] {
  return Object.entries(values)
    .filter(([name]) => name.startsWith(prefix) && !name.endsWith('_KINDS'))
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name.slice(prefix.length).toLowerCase())
    .map((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

/**
 * Loads library and programs and maps what they share.
 * @throws KernelError when the kernel or the rights do not allow it, LayoutError when library and agent do not fit
 */
export function openKernel(libraryFile: string, request: OpenRequest): KernelSession {
  const library = loadLibrary(libraryFile);
  const opened = library.open(request);
  try {
    return mapKernel(library, opened);
  } catch (error) {
    void library.close();
    throw error;
  }
}

function mapKernel(library: Library, opened: Opened): KernelSession {
  const { ring, hops, cpusMap, config, cpus, pageSize, enums } = opened;
  const layout = recordLayout(opened.layout.record);
  const memory = {
    bytes: ring.bytes,
    consumer: mapMemory(ring.fd, pageSize, 'write'),
    producer: mapMemory(ring.fd, pageSize, 'read', pageSize),
    data: mapMemory(ring.fd, 2 * ring.bytes, 'read', 2 * pageSize),
  };
  const unparsed = enumNames(enums['unparsed'] ?? {}, 'UNPARSED_');
  const hopsMemory = mapMemory(hops.fd, hops.bytes, 'read');
  const cpuMemory = mapMemory(cpusMap.fd, cpusMap.bytes, 'read');
  const demandOf = (chooser: number): ReturnType<typeof createDemandReader> =>
    createDemandReader(cpuMemory, opened.layout.cpu_state, cpus, cpusMap.perCpu, chooser);
  return {
    library,
    opened,
    layout,
    ring: createRingReader(memory, layout.strideBytes),
    config: createConfig(mapMemory(config.fd, config.bytes, 'write'), opened.layout.config),
    ...createTotalsReader(hopsMemory, opened.layout.hop_totals, hops.perCpu, cpus, unparsed),
    readDemand: demandOf(0),
    readFilterDemand: demandOf(1),
    drops: mapDrops(opened),
  };
}

function mapDrops({ drops: { places, counts, reasons, program }, cpus, layout }: Opened): DropsReader | undefined {
  if (!places || !counts || !reasons) return undefined;
  const memory = {
    places: mapMemory(places.fd, places.bytes, 'read'),
    counts: mapMemory(counts.fd, counts.bytes, 'read'),
    perCpu: counts.perCpu,
    fdinfo: () => readFileSync(`/proc/self/fdinfo/${program}`, 'utf8'),
  };
  return createDropsReader({ ...memory, cpus, reasons }, layout.drop_place);
}
