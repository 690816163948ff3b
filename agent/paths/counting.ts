/** What the figures rest on (README, What the figures rest on). */
import type { FilterInForce } from '../wire/messages.ts';
import type { NameBook, NameCounts } from '../names/book.ts';
import type { ClockSource } from './clock-realtime.ts';
import type { Clocks, Correction, Lacking } from './clocks.ts';
import { listDisorders, type Disorder, type Disorders } from './disorder.ts';
import { cumulatedAt, nodeNs, type Stream } from './streams.ts';

export interface Counts {
  /** Distinct identities whose first record lies within the traced time. */
  sampled: number;
  joined: number;
  /** Identities that every hop of their way must have written; those that the network lost are not among them. */
  joinable: number;
  joinableJoined: number;
  ambiguous: number;
  dropped: number;
  vanished: number;
  /** Identities that are incomplete because an agent or this reader did not see all. */
  lostByUs: number;
  /** Identities that a filter alone chose, and that it did not match at every hop. */
  partlyFiltered: number;
  /** Identities of which nobody can say what became. */
  undecided: number;
}

export interface ClockSummary {
  /** To be added to the node's CLOCK_MONOTONIC_RAW to put it on the reference's; null while unknown. */
  offsetNs: number | null;
  boundNs: number | null;
  relativeBoundNs: number | null;
  /** What that rests on; absent for the reference and while unknown. */
  source?: ClockSource;
  /** Why it is unknown, in words. */
  unknown?: string;
  /** The clock is wrong on purpose, by so much. */
  testClock?: string;
}

/** The last line of `trace --json`. */
export interface Summary {
  type: 'summary';
  /** Wire packets that pods sent in the traced time, from the exact totals. */
  seen: number;
  sampled: number;
  joined: number;
  joinable: number;
  joinableJoined: number;
  ambiguous: number;
  lostByNetwork: { dropped: number; vanished: number };
  lostByUs: number;
  /**
   * What is left of sampled: entered, and nobody can say what became of it. Bytes that other nodes or hops had no need to
   * write, packets that somebody's program took over behind ours, addresses of nobody known.
   */
  undecided: number;
  /** Chosen by a filter alone, and not seen where they arrived: it did not match there, or they were lost. Nobody can say. */
  partlyFiltered: number;
  /** Filters in force, by node, and those that could not be. */
  filters: Record<string, FilterInForce>;
  /** Frames that did not reach this reader, and records that agents could not write or send, whatever they were of. */
  framesMissed: number;
  recordsLost: number;
  /** Segments in which order changed, copies were made or bytes lost that came again; worst first. */
  disorder: Disorder[];
  /** Addresses that have a name, and those of them about which two files differ. */
  names: NameCounts;
  /** Of TCP marks. */
  exponents: Record<string, number>;
  clocks: Record<string, ClockSummary>;
}

export const newCounts = (): Counts => ({
  sampled: 0, joined: 0, joinable: 0, joinableJoined: 0, ambiguous: 0, dropped: 0, vanished: 0, lostByUs: 0, partlyFiltered: 0,
  undecided: 0,
}); // prettier-ignore

/** On the viewer's clock: the traced time, and the time for which the clocks are told. */
export interface Span {
  fromMs: number;
  toMs: number;
  clocksMs: number;
}

export function summarize(
  { counts, disorders, names }: { counts: Counts; disorders: Disorders; names: NameBook },
  streams: Stream[],
  clocks: Clocks,
  { fromMs, toMs, clocksMs }: Span,
  framesMissed: number,
): Summary {
  const byName = streams.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const total = (stream: Stream, ms: number, what: 'sent' | 'lost'): number =>
    what === 'sent'
      ? cumulatedAt(stream.sent, nodeNs(stream, ms), (point) => point.wirePackets)
      : cumulatedAt(stream.lost, nodeNs(stream, ms), (point) => point.records);
  const sum = (what: 'sent' | 'lost'): number =>
    Math.round(streams.reduce((all, stream) => all + total(stream, toMs, what) - total(stream, fromMs, what), 0));
  return {
    type: 'summary',
    seen: sum('sent'),
    sampled: counts.sampled,
    joined: counts.joined,
    joinable: counts.joinable,
    joinableJoined: counts.joinableJoined,
    ambiguous: counts.ambiguous,
    lostByNetwork: { dropped: counts.dropped, vanished: counts.vanished },
    lostByUs: counts.lostByUs,
    undecided: counts.undecided,
    partlyFiltered: counts.partlyFiltered,
    filters: Object.fromEntries(byName.flatMap(({ name, filter }) => (filter ? [[name, filter]] : []))),
    framesMissed,
    recordsLost: sum('lost'),
    disorder: listDisorders(disorders),
    names: names.counts(),
    exponents: Object.fromEntries(byName.map((stream) => [stream.name, stream.exponents.at(-1)?.marks ?? 0])),
    clocks: Object.fromEntries(byName.map((stream) => [stream.name, clockOf(stream, byName[0], clocks, clocksMs)])),
  };
}

/** Against the first node by name. */
function clockOf(stream: Stream, reference: Stream, clocks: Clocks, timeMs: number): ClockSummary {
  const found: Correction = { correctionNs: 0, boundNs: 0, relativeBoundNs: 0 };
  const referenceNs = reference.rawLine.toRaw(nodeNs(reference, timeMs));
  const source = stream === reference ? undefined : clocks.source(reference.node, stream.node, referenceNs);
  const more = { ...(source && { source }), ...(stream.testClock !== undefined && { testClock: stream.testClock }) };
  if (!clocks.between(reference.node, stream.node, referenceNs, found)) {
    const unknown = lackOf(clocks.lacking(reference.node, stream.node), reference.name, stream.name);
    return { offsetNs: null, boundNs: null, relativeBoundNs: null, unknown, ...more };
  }
  // Corrections are between times since each stream's epoch; what people ask is about the clocks themselves.
  const epochs = Number(reference.rawEpochNs - stream.rawEpochNs);
  return {
    offsetNs: Math.round(epochs - found.correctionNs),
    boundNs: Math.ceil(found.boundNs),
    relativeBoundNs: Math.ceil(found.relativeBoundNs),
    ...more,
  };
}

function lackOf({ there, back }: Lacking, reference: string, node: string): string {
  if (there && back) return 'too few packets each way yet';
  if (there) return `too few packets from ${reference} to ${node} yet`;
  return back ? `too few packets from ${node} to ${reference} yet` : 'a clock has just begun anew';
}
