/**
 * Chooses the exponents that keep the records within the budget. It computes them from what passed, counted exactly in
 * the kernel, instead of feeling its way: below log2 of the packets' length the rate does not change with the exponent,
 * so stepping by one would hunt.
 *
 * Each step up halves what it reduces, so the smallest exponent that fits uses more than half of what it may:
 * 45-90 % of the budget, or less at exponent 0.
 *
 * The budget is of a second, and so is the demand that counts: TCP at full speed changes by half from one tenth of a
 * second to the next, and following its peaks would leave most of the budget unused. One tick alone may make twice as
 * many, which is what a load that just began is held to.
 */
import type { Exponents } from '../wire/messages.ts';
import { LEVELS, type Demand } from './totals.ts';

export const MAX_EXPONENT = 31;

/** Room for what the next moment brings. */
const TARGET = 0.9;

/** Falling waits until a lower exponent would have fitted for this long: a pause is not a change. */
const FALL_AFTER_NS = 1e9;

/** Demand is averaged over so long; one tick alone may exceed the budget so many times. */
const AVERAGE_NS = 1e9;
const BURST = 2;

/** Packets are followed whole and not by bytes: an exponent that follows, by about the bytes of a full packet. */
const BYTES_PER_PACKET_LOG2 = 10;

/** The exponent of packets that goes with one of marks. */
export const packetExponent = (marks: number): number => Math.max(0, marks - BYTES_PER_PACKET_LOG2);

/** Records that the marks of `bytes` in `packets` make at an exponent. `level` is the one they were counted under. */
function markRecords(bytes: number, packets: number, level: number, exponent: number): number {
  if (bytes === 0) return 0;
  // Under the exponent in force all shorter packets were counted together: their mean length stands for them.
  const own = Math.min(level, Math.floor(Math.log2(bytes / packets)));
  return bytes / 2 ** Math.max(exponent, own);
}

/** Records that this demand would make, SYN, FIN and RST left out. */
export function expectedRecords(demand: Demand, exponent: number): number {
  let records = demand.packets / 2 ** packetExponent(exponent);
  for (let level = 0; level < LEVELS; level++) {
    records += markRecords(demand.markBytes[level], demand.markPackets[level], level, exponent);
  }
  return records;
}

/** The exponents that fit this demand, counted over `seconds`, into the budget in records per second. */
export function fitExponents(demand: Demand, seconds: number, budget: number): Exponents {
  const allowed = budget * TARGET * seconds;
  let control = 0;
  // SYN, FIN and RST say where connections begin and end: all of them, until they alone take half.
  while (control < MAX_EXPONENT && demand.control / 2 ** control > allowed / 2) control++;
  const left = allowed - demand.control / 2 ** control;
  let marks = 0;
  while (marks < MAX_EXPONENT && expectedRecords(demand, marks) > left) marks++;
  return { marks, packets: packetExponent(marks), control };
}

const isHigher = (a: Exponents, b: Exponents): boolean => a.marks > b.marks || a.control > b.control;
const isSame = (a: Exponents, b: Exponents): boolean => a.marks === b.marks && a.control === b.control;

const highest = (a: Exponents, b: Exponents): Exponents => {
  const marks = Math.max(a.marks, b.marks);
  return { marks, packets: packetExponent(marks), control: Math.max(a.control, b.control) };
};

export interface Controller {
  readonly exponents: Exponents;
  /** Totals since the start, at a time that rises. Returns the exponents when they changed. */
  update(total: Demand, nowNs: number): Exponents | undefined;
  /** The ring fills faster than it is drained: one step up at once. */
  raise(): Exponents | undefined;
  /** From now on this many records per second. */
  limit(budget: number): void;
}

function difference(total: Demand, before: Demand): Demand {
  return {
    markBytes: total.markBytes.map((value, i) => value - before.markBytes[i]),
    markPackets: total.markPackets.map((value, i) => value - before.markPackets[i]),
    packets: total.packets - before.packets,
    control: total.control - before.control,
  };
}

interface Look {
  nowNs: number;
  total: Demand;
}

const lookAt = (total: Demand, nowNs: number): Look => ({
  nowNs,
  total: { ...total, markBytes: total.markBytes.slice(), markPackets: total.markPackets.slice() },
});

/** What fits the demand between two looks. */
const fitBetween = (from: Look, to: Look, budget: number): Exponents =>
  fitExponents(difference(to.total, from.total), (to.nowNs - from.nowNs) / 1e9, budget);

/** `fixed`: an exponent for marks that the user chose; the budget then only names what would fit. */
export function createController(budget: number, fixed?: number): Controller {
  const fixedExponents = fixed === undefined ? undefined : { marks: fixed, packets: packetExponent(fixed), control: 0 };
  let exponents: Exponents = fixedExponents ?? { marks: 0, packets: 0, control: 0 };
  /** Of the time that is averaged, oldest first. */
  const looks: Look[] = [];
  /** The highest that was needed since falling was last possible, and since when. */
  let needed: Exponents | undefined;
  let fallSinceNs = 0;

  function change(to: Exponents): Exponents {
    exponents = to;
    needed = undefined;
    return exponents;
  }

  function decide(fitting: Exponents, nowNs: number): Exponents | undefined {
    if (isHigher(fitting, exponents)) return change(highest(fitting, exponents));
    if (isSame(fitting, exponents)) {
      needed = undefined;
      return undefined;
    }
    if (needed === undefined) fallSinceNs = nowNs;
    needed = needed === undefined ? fitting : highest(needed, fitting);
    if (isSame(needed, exponents)) needed = undefined;
    return needed !== undefined && nowNs - fallSinceNs >= FALL_AFTER_NS ? change(needed) : undefined;
  }

  return {
    get exponents() {
      return exponents;
    },
    update(total, nowNs) {
      const last = looks.at(-1);
      if (last && nowNs <= last.nowNs) return undefined;
      const now = lookAt(total, nowNs);
      looks.push(now);
      while (looks[1] !== now && looks.length > 1 && looks[1].nowNs <= nowNs - AVERAGE_NS) looks.shift();
      if (!last || fixedExponents) return undefined;
      return decide(highest(fitBetween(looks[0], now, budget), fitBetween(last, now, BURST * budget)), nowNs);
    },
    limit: (to) => void (budget = to),
    raise() {
      if (fixedExponents || exponents.marks >= MAX_EXPONENT) return undefined;
      // From below the usual packet's length the first steps would change nothing.
      const marks = Math.max(exponents.marks + 1, BYTES_PER_PACKET_LOG2 + 1);
      return change({ marks, packets: packetExponent(marks), control: exponents.control });
    },
  };
}
