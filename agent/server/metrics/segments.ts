/** The latency of each kind of segment on this node. Our own buckets: prom-client's histograms block for too long. */
import type { Registry } from 'prom-client';
import type { SegmentHistograms } from '../../histogram/segments.ts';
import { pull, type Sample } from './pull.ts';

const NAME = 'hoplens_segment_latency_seconds';

export function segmentMetrics(registry: Registry, histograms: SegmentHistograms): void {
  const help = 'Time that sampled packets took between neighbouring hops of this node, by the work done there.';
  pull(registry, { name: NAME, help, type: 'histogram' }, () =>
    histograms.names.flatMap((segment, i) => histogramSamples(histograms, segment, i)),
  );
}

function histogramSamples(histograms: SegmentHistograms, segment: string, index: number): Sample[] {
  const counts = histograms.counts(index);
  let count = 0;
  const samples: Sample[] = Array.from(histograms.boundsNs, (boundNs, i) => {
    count += counts[i];
    return { metricName: `${NAME}_bucket`, labels: { segment, le: String(boundNs / 1e9) }, value: count };
  });
  count += counts[histograms.boundsNs.length];
  // A segment that never was on this node would be thirty series of zeros.
  if (count === 0) return [];
  return [
    ...samples,
    { metricName: `${NAME}_bucket`, labels: { segment, le: '+Inf' }, value: count },
    { metricName: `${NAME}_sum`, labels: { segment }, value: histograms.sumNs(index) / 1e9 },
    { metricName: `${NAME}_count`, labels: { segment }, value: count },
  ];
}
