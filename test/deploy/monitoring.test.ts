/** What dashboard and alerts ask for, against what an agent registers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createSegmentHistograms } from '../../agent/histogram/segments.ts';
import { createRecorder } from '../../agent/history/recorder.ts';
import { createProbe } from '../../agent/probe/probe.ts';
import { createGateway } from '../../agent/server/gateway.ts';
import { createMetrics } from '../../agent/server/metrics/metrics.ts';
import { createHub } from '../../agent/server/source.ts';
import { chart } from '../setup/chart.mjs';
import { find } from './objects.ts';

interface Panel {
  type: string;
  title: string;
  targets?: { expr: string }[];
}

interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

const file = (name: string): string => readFileSync(join(chart, 'files', name), 'utf8');
const board = JSON.parse(file('grafana.json')) as { panels: Panel[]; templating: { list: { definition?: string }[] } };
const panels = board.panels.filter(({ type }) => type !== 'row');
const rules = (parse(file('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

const expressions = [
  ...panels.flatMap(({ targets }) => targets?.map(({ expr }) => expr) ?? []),
  ...board.templating.list.flatMap(({ definition }) => definition ?? []),
  ...rules.map(({ expr }) => expr),
];

/** Names of all that an agent registers, from its real registry. */
async function registered(): Promise<Set<string>> {
  const gateway = createGateway({ peers: [], node: 'n1', ownStream: () => undefined });
  const probe = createProbe({ token: undefined, everyMs: undefined, peers: () => [] });
  const recorder = createRecorder({ ms: 1000, bytes: 1 << 20 });
  const metrics = createMetrics({
    version: '', server: () => undefined, node: createHub(), gateway, probe, kubernetes: { stats: () => [] },
    history: () => recorder.stats(0), segments: createSegmentHistograms(['route']),
  }); // prettier-ignore
  const { body } = await metrics.body();
  metrics.stop();
  gateway.stop();
  return new Set(
    [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

/** Labels that an expression sorts or chooses by. */
const labelsIn = (expression: string): string[] => [
  ...[...expression.matchAll(/(\w+) *(?:=~|!~|!=|=) *"/g)].map((match) => match[1]),
  ...[...expression.matchAll(/\b(?:by|on) *\(([^)]*)\)/g)].flatMap((match) => match[1].split(',').map((name) => name.trim())), // prettier-ignore
];

describe('dashboard and alerts', () => {
  let known: Set<string>;
  beforeAll(async () => void (known = await registered()));

  it.each(expressions)('%s: every metric is one that an agent has', (expression) => {
    const names = expression.match(/\bhoplens_\w+/g) ?? [];
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    expect(names.length > 0 || expression.startsWith('up{')).toBe(true);
  });

  it('tell nothing apart by an address or a pod: such series would be without end', () => {
    const labels = new Set(expressions.flatMap(labelsIn));
    expect([...labels].sort()).toEqual(['direction', 'instance', 'job', 'kind', 'le', 'node', 'reason', 'resource', 'segment', 'state']); // prettier-ignore
  });

  it('know that an agent is down, whatever the release is called', () => {
    const monitor = readFileSync(join(chart, 'templates/monitoring.yaml'), 'utf8');
    const label = /^ +jobLabel: (\S+)$/m.exec(monitor)![1];
    const job = find('DaemonSet').spec!.template.metadata.labels[label];
    const chosen = /^up{job=~"([^"]+)"}/.exec(rules.find(({ alert }) => alert === 'HoplensAgentDown')!.expr)![1];
    expect(job).toMatch(new RegExp(`^(?:${chosen})$`));
  });

  it('have panels and alerts that say what they show', () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { annotations } of rules) expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  });

  it('ask for what an operator wants to know', () => {
    const asked = expressions.join('\n');
    const questions = [
      'hoplens_segment_latency_seconds_bucket', 'hoplens_dropped_packets_total', 'hoplens_ring_full_total', 'hoplens_frames_missed_total',
      'hoplens_peers', 'hoplens_cpu_seconds_total', 'hoplens_resident_memory_bytes', 'hoplens_history_seconds', 'hoplens_sampling_exponent',
    ]; // prettier-ignore
    expect(questions.filter((name) => !asked.includes(name))).toEqual([]);
  });
});
