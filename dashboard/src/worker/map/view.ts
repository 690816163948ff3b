/** The path map as the page draws it: frames with places, what lies in them, and what runs between. */
import type { DeviceKind } from '../../../../agent/wire/messages.ts';

/** What a line of a frame stands for, finest first. */
export const levels = ['pod', 'workload', 'namespace', 'node'] as const;
export type Level = (typeof levels)[number];

/** `unseen`: named, but no agent tells of it. */
export type FrameState = 'up' | 'silent' | 'down' | 'unseen';

export interface MapGroup {
  id: string;
  /** Line of the frame. */
  slot: number;
  kind: 'pod' | 'host' | 'outside';
  label: string;
  title: string;
  /** How many it stands for. */
  count: number;
  /** The device of the only one; empty of several. */
  device: string;
  /** The filter that leaves its paths. */
  words: string[];
}

export interface MapDevice {
  id: string;
  name: string;
  kind: DeviceKind;
  /** In the order in which packets leave: bridges, others, tunnels, uplinks. */
  column: number;
  /** Among those of its column. */
  place: number;
  words: string[];
}

export interface MapFrame {
  /** Empty: outside of what is measured. */
  node: string;
  state: FrameState;
  level: Level;
  groups: MapGroup[];
  devices: MapDevice[];
}

/**
 * Against its own normal: packets that could be compared, those of paths that are slow now, and how many times slower.
 * `shared`: those of which nobody can tell any more, for clocks gave them a share of what the other way takes longer.
 */
export interface Compared {
  compared: number;
  slow: number;
  shared: number;
  times: number;
}

/** Both directions together. */
export interface MapLink extends Compared {
  /** The ends towards which it is slow. */
  slowTo: string[];
  id: string;
  from: string;
  to: string;
  isWire: boolean;
  isTunnel: boolean;
  /** No hop lies at its other end: it is known that packets pass, not how long they take. */
  isSeen: boolean;
  bytesPerSecond: number;
  packets: number;
  p50Ns: number;
  p99Ns: number;
  /** Of times between nodes; NaN unknown. */
  boundNs: number;
  /** Services and addresses that are translated here. */
  nat: string[];
  words: string[];
}

/** Open ends at one place. */
export interface MapLoss {
  id: string;
  at: string;
  isOutward: boolean;
  count: number;
  /** In words, the most frequent first. */
  texts: string[];
  words: string[];
}

export interface MapView {
  frames: MapFrame[];
  /** Frames side by side; those of one line are equally high. */
  columns: 1 | 2;
  lines: { lines: number; middle: number }[];
  links: MapLink[];
  losses: MapLoss[];
}
