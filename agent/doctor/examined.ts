/** What the examination (examine.ts, a process of its own) tells the doctor. */
import type { Filtering, NetlinkEvent, Offloads, Program } from '../kernel/library.ts';
import type { Timex } from '../kernel/memory.ts';
import type { Answer } from './check.ts';

export interface ExamineRequest {
  libraryFile: string;
  budget: number;
  maxDevices: number;
  hooks: 'auto' | 'tcx' | 'clsact';
}

/** The kernel programs, loaded as an agent loads them. */
export interface Loaded {
  hooks: 'tcx' | 'clsact';
  /** Why they are not watched. `pages`: bytes behind a packet's linear part are read. */
  drops: { missing?: string; pages: boolean };
  queues: { missing?: string };
  rules: { missing?: string };
}

/** In the order in which they run. */
export interface ProgramsAt {
  ingress: Program[];
  egress: Program[];
}

export interface Examined {
  /** koffi and the Go library load. */
  library: boolean;
  timex: Timex;
  /** Whether an agent runs in this network namespace. */
  claimed: boolean;
  /** What netlink says. */
  snapshot: NetlinkEvent[];
  /** By name of the device. */
  offloads: Record<string, Offloads>;
  loaded: Loaded;
  filtering: Filtering;
  /** By ifindex. */
  programs: Record<number, ProgramsAt>;
}

export type Answers = { [K in keyof Examined]: Answer<Examined[K]> };

/** One message of it. */
export interface Told {
  fact: keyof Examined;
  answer: Answer<unknown>;
}
