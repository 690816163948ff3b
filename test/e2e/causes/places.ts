/** Where packets from web to api pass, and what the kernels at hand call what happens there. */
import { release } from 'node:os';
import type { Cause, Place } from './cause.ts';

/** The hops of each topology that have a cause; a lost packet passed the first of them. */
const ways = {
  'flannel-vxlan': [
    ...['n1 vethweb ingress', 'n1 cni0 ingress', 'n1 flannel.1 egress', 'n1 eth0 egress'],
    ...['n2 eth0 ingress', 'n2 flannel.1 ingress', 'n2 cni0 egress', 'n2 vethapi egress'],
  ],
  'calico-routed': ['n1 caliweb ingress', 'n1 eth0 egress', 'n2 eth0 ingress', 'n2 caliapi egress'],
};

export type Topology = keyof typeof ways;

/** The way up to a hop. */
export function upTo(topology: Topology, last: string): string[] {
  const way = ways[topology];
  const at = way.findIndex((hop) => hop === last);
  if (at === -1) throw new Error(`${last} is no hop of ${topology}`);
  return way.slice(0, at + 1);
}

/** What differs between kernels: the value from this version on, or the one before. Measured were 6.1, 6.12 and 6.18. */
export function since<T>(version: string, value: T, before: T): T {
  const [running, wanted] = [release(), version].map((text) => text.split(/[.-]/).map(Number));
  const isOlder = running[0] < wanted[0] || (running[0] === wanted[0] && running[1] < wanted[1]);
  return isOlder ? before : value;
}

/** On a node, `device` being the one that the kernel's packet names; outside netfilter unless told. */
export const at = (node: string, device: string | null, reason: string, symbol: string, hook: string | null = null): Place => ({
  reason, symbol, hook, node, device, inPod: false,
}); // prettier-ignore

/** Behind the last hop, which is named. */
export const inPod = (node: string, device: string, reason: string, symbol: string): Place => ({
  reason, symbol, hook: null, node, device, inPod: true,
}); // prettier-ignore

/** A rule's verdict frees the packet where it is spoken; until 6.1 where the hook was called. */
export const byRule = (node: string, device: string, hook: string): Place =>
  at(node, device, 'NETFILTER_DROP', since('6.4', 'nft_do_chain', 'nf_hook_slow'), hook);

export type Described = Omit<Cause, 'topology'>;
export const on = (topology: Topology, causes: Described[]): Cause[] => causes.map((cause) => ({ topology, ...cause }));
