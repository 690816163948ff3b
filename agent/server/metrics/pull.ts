/** A metric whose values are read at scrape, from wherever they are counted. */
import type { Metric, Registry } from 'prom-client';

export interface Sample {
  labels?: Record<string, string>;
  value: number;
  /** Where it is not the metric's own: `x_bucket`, `x_sum`, `x_count`. */
  metricName?: string;
}

export interface Description {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
}

export function pull(registry: Registry, description: Description, samples: () => Iterable<Sample>): void {
  const metric = {
    ...description,
    get: () =>
      Promise.resolve({
        ...description,
        aggregator: 'sum',
        values: Array.from(samples(), (sample) => ({ labels: {}, ...sample })),
      }),
  };
  // prom-client asks a registered metric for its name and get() alone.
  registry.registerMetric(metric as unknown as Metric);
}

/** A metric of one value, or none while it is unknown. */
export function pullOne(registry: Registry, description: Description, value: () => number | undefined): void {
  pull(registry, description, () => {
    const current = value();
    return current === undefined ? [] : [{ value: current }];
  });
}
