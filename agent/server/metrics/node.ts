/** Metrics of the agent's own node, from its own stream: hops, sampling, cost. */
import type { Registry } from 'prom-client';
import { FrameType, decodeFrame } from '../../wire/frame.ts';
import { decodeMessage, type Message, type Status } from '../../wire/messages.ts';
import { framePlace, type FrameSource } from '../source.ts';
import { createHopCounters, type HopSeries } from './hop-counters.ts';
import { pull, pullOne, type Sample } from './pull.ts';

const hopLabels = ({ kind, device, direction }: HopSeries) => ({ kind, device, direction });

const hopMetrics = [
  ['packets', 'hoplens_packets_total', 'Packets that passed the hops, as socket buffers.'],
  ['bytes', 'hoplens_bytes_total', 'Bytes that passed the hops, with link headers.'],
  ['wirePackets', 'hoplens_wire_packets_total', 'Packets that these are, or become, on the wire.'],
  ['own', 'hoplens_own_packets_total', "Packets of hoplens' own streams: counted, never sampled."],
  ['records', 'hoplens_records_total', 'Records written for sampled packets.'],
  ['ringFull', 'hoplens_ring_full_total', 'Records lost because the ring was full.'],
  ['capped', 'hoplens_capped_total', 'Records not written because a CPU had written its share of the millisecond.'],
] as const;

/** Adds the node's metrics; the returned function ends their reading. */
export function nodeMetrics(registry: Registry, source: FrameSource): () => void {
  const hops = createHopCounters();
  let status: Status | undefined;
  let testClock: string | undefined;
  let cpuMs = 0;

  const read = (message: Message): void => {
    if (message.type === 'hello' || message.type === 'devices') hops.devices(message.devices);
    if (message.type === 'hello') testClock = message.testClock;
    if (message.type !== 'status') return;
    hops.totals(message.totals, performance.now());
    status = message;
    cpuMs += message.cost.cpuMs;
  };
  const frame = (bytes: Uint8Array): void => {
    const { type } = framePlace(bytes);
    if (type === FrameType.hello || type === FrameType.devices || type === FrameType.status)
      read(decodeMessage(decodeFrame(bytes)));
  };

  const series = (): HopSeries[] => hops.series(performance.now());
  for (const [field, name, help] of hopMetrics) {
    pull(registry, { name, help, type: 'counter' }, () =>
      series().map((hop) => ({ labels: hopLabels(hop), value: hop[field] })),
    );
  }
  pull(registry, { name: 'hoplens_unparsed_packets_total', help: 'Packets that were not followed, by reason.', type: 'counter' }, () =>
    series().flatMap(unparsedSamples),
  ); // prettier-ignore
  pull(registry, { name: 'hoplens_dropped_packets_total', help: "Packets of the node and its pods that the kernel dropped, by its own reason.", type: 'counter' }, () => dropSamples(status)); // prettier-ignore
  pullOne(registry, { name: 'hoplens_untold_drops_total', help: "Drops of the machine that the kernel told nobody of: it was telling of another one on that processor.", type: 'counter' }, () => status?.drops?.untold); // prettier-ignore
  pull(registry, { name: 'hoplens_sampling_exponent', help: 'One of 2^n is followed: TCP bytes (marks), other packets, SYN/FIN/RST (control).', type: 'gauge' }, () => exponentSamples(status)); // prettier-ignore
  pull(registry, { name: 'hoplens_test_clock', help: "1 while the node's clock is wrong on purpose.", type: 'gauge' }, () =>
    testClock === undefined ? [] : [{ labels: { clock: testClock }, value: 1 }],
  ); // prettier-ignore
  pullOne(registry, { name: 'hoplens_cpu_seconds_total', help: 'CPU time of the agent.', type: 'counter' }, () => cpuMs / 1000); // prettier-ignore
  pullOne(registry, { name: 'hoplens_resident_memory_bytes', help: 'Memory of the agent.', type: 'gauge' }, () => status?.cost.rssBytes); // prettier-ignore

  for (const bytes of source.state()) frame(bytes);
  return source.subscribe(frame);
}

const unparsedSamples = (hop: HopSeries): Sample[] =>
  Object.entries(hop.unparsed).map(([reason, value]) => ({ labels: { ...hopLabels(hop), reason }, value }));

const dropSamples = (status: Status | undefined): Sample[] =>
  Object.entries(status?.drops?.reasons ?? {}).map(([reason, value]) => ({ labels: { reason }, value }));

function exponentSamples(status: Status | undefined): Sample[] {
  const current = status?.exponents.at(-1);
  if (!current) return [];
  const { marks, packets, control } = current;
  return Object.entries({ marks, packets, control }).map(([of, value]) => ({ labels: { of }, value }));
}
