/** What the page and its worker say to each other. What is drawn over time are columns, handed over and not copied. */
import type { Completion } from '../../../agent/trace/filter-complete.ts';
import type { Insight } from '../../../agent/insight/explain.ts';
import type { FilterInForce } from '../../../agent/wire/messages.ts';
import type { Counts } from '../../../agent/paths/counting.ts';
import type { ListColumn } from '../lib/list-columns.ts';
import type { Figures } from '../lib/row.ts';
import type { Span } from '../lib/span.ts';
import type { Subject } from '../lib/subject.ts';
import type { Beside } from './beside.ts';
import type { DropsView } from './drops.ts';
import type { NodeEncapsulation, PathEncapsulation } from './encapsulation.ts';
import type { PeerState } from '../../../agent/marks/nodes.ts';
import type { NodeHealth } from './health.ts';
import type { Exchange } from '../../../agent/packets/packet.ts';
import type { PacketQuery } from './packets.ts';
import type { Show } from '../lib/tabs.ts';
import type { Cursor, ListChoices, ListSight, ListView } from './list.ts';
import type { Level } from './map/view.ts';
import type { Picture } from './pictures.ts';
import type { Mark } from '../../../agent/marks/marks.ts';
import type { RowShape } from './rows.ts';
import type { Source } from './source.ts';

export const WINDOWS = [10, 60, 300, 600] as const;
export type WindowSeconds = (typeof WINDOWS)[number];

/** What is to be shown, of whatever session. */
export interface Choices {
  window: WindowSeconds;
  filter: string;
  focus: string | undefined;
  packet: string | undefined;
  show: Show;
  finest: Level;
  /** Undefined: live; `axis`: what is to be seen around the span. */
  span: Span | undefined;
  axis: Span | undefined;
  /** What is drawn over time: a row or everything, and of which segment (worker/segments.ts). */
  timeOf: string | undefined;
  segment: string;
  /** What the inspector looks at, of the row in focus. */
  inspect: Subject | undefined;
  /** How paths are listed. */
  list: ListChoices;
}

/** To the worker. */
export type Order =
  /** All of it at once: a change of several is one view. */
  | { type: 'choose'; choices: Choices }
  /** All that this filter matches, not a sample; an empty one: no longer. */
  | { type: 'follow'; text: string }
  | { type: 'start'; base: string; token: string | undefined }
  /** Answered by `answer` with the same number. */
  | { type: 'ask'; number: number; question: Question }
  /** Of the list. */
  | ({ type: 'see' } & ListSight)
  /** Puts the list's cursor on a row, or moves it by so many. */
  | { type: 'point'; id: number }
  | { type: 'move'; by: number }
  /** A recording, to be looked at instead of the stream; `start` goes back. */
  | { type: 'open'; file: File }
  /** Answered by `saved`, or `problem`. */
  | { type: 'save'; span: Span; pseudonymize: boolean };

/** By kind: what is asked, and what comes back. */
export interface Questions {
  /** Held packets of a row, the slowest first: those behind a cell of a heat map. */
  pick: { asked: PacketQuery; answer: PacketSummary[] };
  /** Held packets that were lost so, with their rows' names. */
  lost: { asked: string; answer: { row: string; packet: PacketSummary }[] };
  /** The word of a filter that ends at the caret, and whether what is written leaves any path. */
  complete: { asked: { text: string; caret: number }; answer: Suggestion };
  /** On which row the list's cursor is, after all moves. */
  cursor: { asked: undefined; answer: Cursor | undefined };
  /** The list as a table of these columns. */
  csv: { asked: readonly ListColumn[]; answer: string };
  /** Where the frames of what is shown can be had again. */
  source: { asked: undefined; answer: Source };
}

export interface Suggestion extends Completion {
  leavesAny: boolean;
}

export type Kind = keyof Questions;
export type Question = { [K in Kind]: { kind: K; asked: Questions[K]['asked'] } }[Kind];
export type Answer = Questions[Kind]['answer'];

export type Connection =
  | { state: 'connecting' }
  | { state: 'up' }
  /** Tries again at this wall time. */
  | { state: 'down'; message: string; retryAtMs: number; sinceMs: number }
  | { state: 'unauthorized'; hadToken: boolean }
  | { state: 'version'; message: string }
  | { state: 'ended' };

/** Of the server, before its stream. */
export interface Served {
  hoplens: string;
  recording: boolean;
}

/** What is in focus over time: columns by second of the axis. NaN where nothing was measured. */
export interface TimeColumns {
  /** Name of the row in focus; empty: all that the filter leaves. */
  of: string;
  axis: Span;
  /** What the times are of, and what else they could be of. */
  segment: string;
  choices: string[];
  /** Times that the percentiles rest on. */
  n: Float64Array;
  p50Ns: Float64Array;
  p90Ns: Float64Array;
  p99Ns: Float64Array;
  /** Where queues are measured. */
  queueP50Ns: Float64Array;
  queueP99Ns: Float64Array;
  /** Packets of the sample that arrived, that were lost, and of TCP that came again; bytes that the sample stands for. */
  joined: Float64Array;
  lost: Float64Array;
  again: Float64Array;
  bytes: Float64Array;
  /** Times by second and band (lib/bands.ts): those of a second stand together. */
  heat: Float32Array;
  /** Each segment of the path in focus, and its total; none where all paths are. */
  segments: SegmentColumns[];
  /** What changed on the nodes. */
  marks: Mark[];
}

export interface SegmentColumns {
  name: string;
  /** Of which node, or between which. */
  place: string;
  p50Ns: Float64Array;
  p99Ns: Float64Array;
}

/** A packet of a list; the whole of it comes when it is opened. */
export interface PacketSummary {
  name: string;
  wallMs: number;
  kind: string;
  /** NaN without a clock. */
  totalNs: number;
  boundNs: number;
  /** Segment that took longest; -1 without any. */
  longest: number;
}

/** The packet that was asked for; undefined `exchange`: it is not held, or not any more. */
export interface OpenPacket {
  name: string;
  exchange: Exchange | undefined;
}

/** What the figures of the window rest on. */
export interface Counters extends Counts {
  /** Wire packets that pods sent, from the exact totals. */
  seen: number;
  framesMissed: number;
  recordsLost: number;
}

export interface View {
  type: 'view';
  /** Wall time of this view. */
  atMs: number;
  /** What is shown. A live span ends with the last second of which nearly all is told; what came since is shown too. */
  span: Span;
  isLive: boolean;
  /** All that could be shown. */
  held: Span;
  /** Seconds of the span that are held: fewer soon after the start. */
  heldSeconds: number;
  /** Paths told since the span was fixed. */
  since: number;
  /** The lines in sight. */
  list: ListView;
  /** The row in focus, or until one is chosen the one that shows most; `figures`: where it has packets in what is shown. */
  focus: { shape: RowShape; figures: Figures | undefined } | undefined;
  /** What the inspector looks at, beside the other rows. */
  beside: Beside | undefined;
  /** Rows that the filter hides, and paths beyond the rows that are held. */
  hidden: number;
  left: number;
  drops: DropsView;
  /** Of the row in focus, and of each node. */
  encapsulation: PathEncapsulation | undefined;
  tunnels: NodeEncapsulation[];
  /** Undefined: as before. */
  time: TimeColumns | undefined;
  /** Single packets of the row in focus in the span, the slowest first, and how many are held in all. */
  packets: PacketSummary[];
  packetsHeld: number;
  packet: OpenPacket | undefined;
  picture: Picture;
  counters: Counters;
  /** What hurts; undefined before the first second. */
  insight: Insight | undefined;
  nodes: NodeHealth[];
  peers: PeerState[];
  /** In force, by node, and those that could not be. */
  filters: Record<string, FilterInForce>;
  /** Largest of the bounds of all nodes; NaN unknown. */
  clockBoundNs: number;
  /** Highest exponent of TCP marks in force. */
  exponent: number;
  /** Milliseconds that the worker spent on frames and figures in the last second. */
  busyMs: number;
  /** Records that came in the last second. */
  recordsPerSecond: number;
}

export type Report =
  | View
  /** The list alone: other lines came into sight, or the cursor moved. */
  | { type: 'list'; list: ListView }
  | { type: 'answer'; number: number; answer: Answer }
  /** What is shown begins anew: with a file, or live. */
  | { type: 'session'; file: string | undefined }
  | { type: 'saved'; blob: Blob }
  /** A file could not be read or made: nothing else changed. */
  | { type: 'problem'; text: string }
  | { type: 'connection'; connection: Connection }
  | { type: 'served'; served: Served };
