/** What the main thread and the worker say to each other. Frames travel as they are and are moved, not copied. */
import type { ToldNames } from '../wire/messages.ts';
import type { Endpoint } from './library.ts';
import type { TestClock } from './test-clock.ts';

export interface WorkerOptions {
  libraryFile: string;
  node: string;
  hoplensVersion: string;
  /** Records per second. */
  budget: number;
  /** An exponent that the user chose; undefined leaves it to the controller. */
  exponent?: number;
  hooks: 'auto' | 'tcx' | 'clsact';
  /** Whether to watch what the kernel drops. */
  drops: boolean;
  /** Whether to watch the queues of uplinks. */
  queues: boolean;
  /** Patterns of device names; none: every kind that is known. */
  devices: string[];
  /** Ports of VXLAN besides the usual ones and those of the node's own devices. */
  vxlanPorts: number[];
  maxDevices: number;
  testClock?: TestClock;
  /** Where this agent answers the probe, for others to know. */
  probePort: number | undefined;
  /** Memory of the segment histograms, written here and read by the main thread. */
  histograms: SharedArrayBuffer;
}

export type ToWorker =
  | { type: 'wanted'; wanted: boolean } /* whether anybody takes legs */
  | { type: 'sample'; exponent: 'auto' | number }
  | { type: 'filter'; expression: string; by: string } /* an empty expression: none */
  | { type: 'exclude'; listenPort: number | undefined; peers: Endpoint[] }
  | { type: 'names'; names: ToldNames } /* what the names file and Kubernetes say by now */
  | { type: 'stop' };

export type FromWorker =
  | { type: 'frame'; frame: ArrayBuffer }
  | { type: 'started'; hooks: 'tcx' | 'clsact'; devices: number }
  | { type: 'warning'; message: string }
  | { type: 'failed'; code: string; message: string }
  | { type: 'stopped' };
