/**
 * What the kernel says of dropped packets: the ways to a drop, which it writes once each, and exact counts by reason. Both
 * are arrays that are mapped: reading them takes no system call, but for what was left untold.
 */
import type { DropPlace } from '../wire/messages.ts';
import type { Struct } from './layout.ts';
import { netfilterHook, plainSymbol } from './netfilter.ts';

export interface DropsReader {
  /** All places known by now if there are new ones since the last call; place n is that of records with drop n + 1. */
  newPlaces(): DropPlace[] | undefined;
  /** Drops by reason since the start; reasons that never happened are left out. */
  counts(): Record<string, number>;
  /** Drops that the kernel told nobody of: on their processor it was just telling of another one. */
  untold(): number;
}

export interface DropsMemory {
  places: ArrayBuffer;
  counts: ArrayBuffer;
  /** Counters of one CPU: the last is for reasons without a number of their own. */
  perCpu: number;
  cpus: number;
  /** The running kernel's names. */
  reasons: Record<string, number>;
  /** What the kernel says of the program, as text: /proc/self/fdinfo/N. */
  fdinfo: () => string;
}

/** They free what others told them to. */
const freeing = new Set(['kfree_skb_list_reason', 'kfree_skb_list', 'kfree_skb_reason', 'kfree_skb']);

const HIGH = 0x100000000;
const OTHER = 'OTHER';

export function createDropsReader(
  { places, counts, perCpu, cpus, reasons, fdinfo }: DropsMemory,
  layout: Struct,
): DropsReader {
  const at = (name: string): number => layout.fields.find((field) => field.name === name)!.offset;
  const [reasonAt, writtenAt, symbolsAt] = [at('reason'), at('written'), at('symbols')];
  const view = new DataView(places);
  const words = new Int32Array(places);
  const counters = new Uint32Array(counts);
  const names = new Map(Object.entries(reasons).map(([name, number]) => [number, name]));
  const capacity = Math.floor(places.byteLength / layout.size);
  const known: DropPlace[] = [];

  const nameOf = (reason: number): string => names.get(reason) ?? `reason ${reason}`;

  function readPlace(number: number): DropPlace {
    const base = number * layout.size;
    const bytes = new Uint8Array(places, base + symbolsAt, layout.size - symbolsAt);
    const text = String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
    // What did not fit ends in the middle of a name; frames that were not there are printed as 0.
    const stack = text.split('\n').slice(0, -1).filter((symbol) => !/^0x0*$/.test(symbol)); // prettier-ignore
    const reason = nameOf(view.getUint32(base + reasonAt, true));
    const symbol = stack.map(plainSymbol).find((name) => !freeing.has(name)) ?? '';
    // A hook may be on the stack although nobody there spoke a verdict: with br_netfilter packets are routed inside one.
    return { reason, symbol, hook: reason === 'NETFILTER_DROP' ? netfilterHook(stack) : null, stack };
  }

  return {
    newPlaces() {
      const before = known.length;
      while (known.length < capacity && Atomics.load(words, (known.length * layout.size + writtenAt) / 4) === 1) {
        known.push(readPlace(known.length));
      }
      return known.length > before ? [...known] : undefined;
    },
    counts() {
      const found: Record<string, number> = {};
      for (let reason = 0; reason < perCpu; reason++) {
        let count = 0;
        for (let cpu = 0; cpu < cpus; cpu++) {
          const place = 2 * (cpu * perCpu + reason);
          count += counters[place] + counters[place + 1] * HIGH;
        }
        if (count > 0) found[reason === perCpu - 1 ? OTHER : nameOf(reason)] = count;
      }
      return found;
    },
    untold: () => Number(/^recursion_misses:\s*(\d+)/m.exec(fdinfo())?.[1]),
  };
}
