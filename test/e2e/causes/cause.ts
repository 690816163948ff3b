/** What a cause of loss is: how it is made and taken away, what runs into it, and what must be told of it. */
import type { Lab } from '../../lab/index.ts';
import type { Topology } from './places.ts';
import type { Sent } from './traffic.ts';

/** A cause that stands. */
export interface Made {
  undo: () => Promise<unknown>;
  /** Packets that it dropped so far, by the kernel's own count; without, the sender knows. */
  dropped?: () => Promise<number>;
}

export type Maker = (lab: Lab) => Promise<Made>;

export interface Place {
  /** Name in the running kernel's enum skb_drop_reason, without SKB_DROP_REASON_. */
  reason: string;
  /** Function that freed the packet. */
  symbol: string;
  /** Netfilter's, where the packet was in one. */
  hook: string | null;
  node: string;
  device: string | null;
  /** Behind the last hop, in the pod's own namespace. */
  inPod: boolean;
}

export interface Cause {
  name: string;
  topology: Topology;
  /** What this machine lacks for it; undefined if it can be made. */
  missing?: () => Promise<string | undefined>;
  make: Maker;
  traffic: (lab: Lab) => Promise<Sent>;
  /** Of so many packets that ran into it. */
  share: Share;
  /** Hops that a lost packet passed, in words: `n1 vethweb ingress`. */
  way: string[];
  /** What the kernel said; null: nothing, the packet vanished. */
  drop: Place | null;
  /** TCP may send again all that is lost within the same millisecond. */
  mayBeAmbiguous?: true;
  /** Whose address sends ICMP errors back to web: one for each packet, or as many as the kernel thinks fit. */
  error?: { from: string; share: 'all' | 'some' };
}

/** All, every n-th exactly, each with a probability, or (queues) as many as it happens to be. */
export type Share = 'all' | { every: number } | { chance: number } | 'some';
