/** The body of /metrics. */
import { Registry } from 'prom-client';
import type { SegmentHistograms } from '../../histogram/segments.ts';
import type { Gateway } from '../gateway.ts';
import type { Probe } from '../../probe/probe.ts';
import type { ServerStats } from '../server.ts';
import type { FrameSource } from '../source.ts';
import type { HistoryStats } from '../../history/recorder.ts';
import type { Kubernetes } from '../../kubernetes/kubernetes.ts';
import { historyMetrics } from './history.ts';
import { kubernetesMetrics } from './kubernetes.ts';
import { nodeMetrics } from './node.ts';
import { probeMetrics } from './probe.ts';
import { pull, pullOne } from './pull.ts';
import { segmentMetrics } from './segments.ts';
import { gatewayMetrics, serverMetrics } from './stream.ts';

export interface MetricsOptions {
  version: string;
  /** undefined until the server listens. */
  server: () => ServerStats | undefined;
  /** The agent's own stream. */
  node?: FrameSource;
  gateway?: Gateway;
  /** undefined where there is no flight recorder. */
  history?: () => HistoryStats | undefined;
  probe?: Probe;
  /** undefined where it is not asked. */
  kubernetes?: Pick<Kubernetes, 'stats'> | undefined;
  segments?: SegmentHistograms;
}

export interface Metrics {
  body(): Promise<{ contentType: string; body: string }>;
  stop(): void;
}

/** However often somebody scrapes, the body is made once in this time. */
const CACHE_MS = 1000;

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  pullOne(registry, { name: 'hoplens_up_seconds', help: 'Time since the agent started.', type: 'gauge' }, () => process.uptime()); // prettier-ignore
  const build = [{ labels: { version: options.version }, value: 1 }];
  pull(registry, { name: 'hoplens_build_info', help: 'The version that runs.', type: 'gauge' }, () => build);
  serverMetrics(registry, options.server);
  if (options.gateway) gatewayMetrics(registry, options.gateway);
  if (options.history) historyMetrics(registry, options.history);
  if (options.probe) probeMetrics(registry, options.probe);
  if (options.kubernetes) kubernetesMetrics(registry, options.kubernetes);
  if (options.segments) segmentMetrics(registry, options.segments);
  const stop = options.node ? nodeMetrics(registry, options.node) : () => {};

  let cached: Promise<string> | undefined;
  let cachedAtMs = -Infinity;
  return {
    stop,
    async body() {
      if (cached === undefined || performance.now() - cachedAtMs >= CACHE_MS) {
        cachedAtMs = performance.now();
        cached = registry.metrics();
      }
      return { contentType: registry.contentType, body: await cached };
    },
  };
}
