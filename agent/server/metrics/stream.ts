/** Metrics of what is sent to readers and comes from peers. */
import type { Registry } from 'prom-client';
import type { Gateway } from '../gateway.ts';
import type { ServerStats } from '../server.ts';
import { pull, pullOne, type Sample } from './pull.ts';

const counters = [
  ['framesSent', 'hoplens_frames_sent_total', 'Frames sent to readers.'],
  ['bytesSent', 'hoplens_bytes_sent_total', 'Bytes of frames sent to readers.'],
  ['framesMissed', 'hoplens_frames_missed_total', 'Frames that slow readers did not get.'],
  ['bytesMissed', 'hoplens_bytes_missed_total', 'Bytes of frames that slow readers did not get.'],
  ['readersTotal', 'hoplens_readers_total', 'Readers that came.'],
  ['controlAccepted', 'hoplens_control_accepted_total', 'Control messages that were followed.'],
  ['controlRejected', 'hoplens_control_rejected_total', 'Control messages that closed their connection.'],
] as const;

/** @param stats undefined until the server listens */
export function serverMetrics(registry: Registry, stats: () => ServerStats | undefined): void {
  for (const [field, name, help] of counters)
    pullOne(registry, { name, help, type: 'counter' }, () => stats()?.[field]);
  pullOne(
    registry,
    { name: 'hoplens_readers', help: 'Readers that are connected.', type: 'gauge' },
    () => stats()?.readers,
  );
  pull(registry, { name: 'hoplens_refused_total', help: 'Requests refused, by reason.', type: 'counter' }, () =>
    byReason(stats()?.refused ?? {}),
  );
}

const byReason = (counts: Record<string, number>): Sample[] =>
  Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));

const peerStates = ['connecting', 'up', 'down', 'refused'] as const;

export function gatewayMetrics(registry: Registry, gateway: Gateway): void {
  pull(registry, { name: 'hoplens_peers', help: 'Peers by state; they are connected while somebody reads the cluster.', type: 'gauge' }, () =>
    peerStates.map((state) => ({ labels: { state }, value: gateway.peers().filter((peer) => peer.state === state).length })),
  ); // prettier-ignore
  pull(registry, { name: 'hoplens_peer_up', help: 'Whether the peer on this node is connected.', type: 'gauge' }, () => peerUp(gateway)); // prettier-ignore
  pull(registry, { name: 'hoplens_peer_refused_total', help: 'Peers turned away, by reason.', type: 'counter' }, () => byReason(gateway.stats.refusals)); // prettier-ignore
  pullOne(registry, { name: 'hoplens_peer_frames_total', help: "Peers' frames relayed.", type: 'counter' }, () => gateway.stats.framesRelayed); // prettier-ignore
  pullOne(registry, { name: 'hoplens_peer_bytes_total', help: "Bytes of peers' frames relayed.", type: 'counter' }, () => gateway.stats.bytesRelayed); // prettier-ignore
  pullOne(registry, { name: 'hoplens_peer_garbage_total', help: 'Messages of peers that were no frames of theirs.', type: 'counter' }, () => gateway.stats.garbage); // prettier-ignore
}

/** By the node's name, once each: an address would be a label without end. */
function peerUp(gateway: Gateway): Sample[] {
  const nodes = new Map<string, number>();
  for (const { node, state } of gateway.peers()) {
    if (node !== undefined) nodes.set(node, Math.max(nodes.get(node) ?? 0, state === 'up' ? 1 : 0));
  }
  return Array.from(nodes, ([node, value]) => ({ labels: { node }, value }));
}
