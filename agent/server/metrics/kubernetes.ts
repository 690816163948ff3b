/** Metrics of what an agent has from Kubernetes, by what it watches there. */
import type { Registry } from 'prom-client';
import type { Kubernetes } from '../../kubernetes/kubernetes.ts';
import { pull } from './pull.ts';

const metrics = [
  ['isUp', 'hoplens_kubernetes_up', 'Whether the API server answers; Services and peers are watched while somebody reads the cluster.', 'gauge'],
  ['objects', 'hoplens_kubernetes_objects', 'Objects that are known of it.', 'gauge'],
  ['leftOut', 'hoplens_kubernetes_objects_left_out', 'Objects that are more than may be known.', 'gauge'],
  ['lists', 'hoplens_kubernetes_lists_total', 'Times that all were listed.', 'counter'],
  ['failures', 'hoplens_kubernetes_failures_total', 'Questions that the API server did not answer as it should.', 'counter'],
] as const; // prettier-ignore

export function kubernetesMetrics(registry: Registry, { stats }: Pick<Kubernetes, 'stats'>): void {
  for (const [field, name, help, type] of metrics)
    pull(registry, { name, help, type }, () =>
      stats().map(({ resource, ...watch }) => ({ labels: { resource }, value: Number(watch[field]) })),
    );
}
