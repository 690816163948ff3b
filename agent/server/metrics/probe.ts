/** Metrics of the probe between nodes: what was asked, and what came back. */
import type { Registry } from 'prom-client';
import type { AskedCounts } from '../../probe/asker.ts';
import type { Probe } from '../../probe/probe.ts';
import { pull, pullOne, type Sample } from './pull.ts';

export function probeMetrics(registry: Registry, probe: Probe): void {
  const byNode = (field: keyof AskedCounts): Sample[] =>
    Array.from(probe.counts(), ([node, counts]) => ({ labels: { node }, value: counts[field] }));
  pull(registry, { name: 'hoplens_probe_questions_total', help: 'Datagrams of the probe sent to the agent of a node.', type: 'counter' }, () => byNode('questions')); // prettier-ignore
  pull(registry, { name: 'hoplens_probe_answers_total', help: 'Answers that came back from it.', type: 'counter' }, () => byNode('answers')); // prettier-ignore
  pullOne(registry, { name: 'hoplens_probe_answered_total', help: "Questions of others' agents that this one answered.", type: 'counter' }, () => probe.answered()); // prettier-ignore
}
