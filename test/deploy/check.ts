/**
 * `npm run check:deploy`: the chart by Helm, the plain manifest that is made of it, and the alert rules by promtool. Needs no
 * cluster and no root. Prints what it saw; the exit code counts the claims that failed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { claim, say } from '../cluster/claim.ts';
import { chart, manifestFile, renderManifest } from '../setup/chart.mjs';
import { root } from '../setup/go.mjs';
import { findHelm } from '../setup/helm.mjs';
import { onPath } from '../setup/needs.mjs';
import { capture, must } from '../setup/say.mjs';

interface Rendered {
  kind: string;
  spec: unknown;
  data?: Record<string, string>;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** All that the chart can make. */
function render(helm: string, ...settings: string[]): Rendered[] {
  const out = must(helm, ['template', 'hoplens', chart, ...settings.flatMap((setting) => ['--set', setting])]);
  return parseAllDocuments(out).map((document) => document.toJS() as Rendered);
}

function everythingSwitchedOn(helm: string): string {
  const on = ['podMonitor', 'prometheusRule', 'dashboard'].map((name) => `${name}.enabled=true`);
  const objects = render(helm, ...on);
  const find = (kind: string): Rendered => objects.find((object) => object.kind === kind)!;
  const file = (name: string): string => readFileSync(join(chart, 'files', name), 'utf8');
  const board = find('ConfigMap').data?.['hoplens.json'];
  if (JSON.stringify(parse(board ?? '')) !== JSON.stringify(JSON.parse(file('grafana.json')))) throw new Error('another dashboard than the file');
  if (JSON.stringify(find('PrometheusRule').spec) !== JSON.stringify(parse(file('alerts.yaml')))) throw new Error('other rules than the file');
  return objects.map(({ kind }) => kind).join(' ');
} // prettier-ignore

/** A setting that the agent would end with is refused before it is installed. */
function refused(helm: string, setting: string): string {
  const { ok, all } = capture(helm, ['template', 'hoplens', chart, '--set', setting]);
  if (ok) throw new Error(`the chart takes ${setting}`);
  return lastLine(all);
}

async function helmClaims(helm: string): Promise<boolean[]> {
  return [
    await claim('helm lint', () => lastLine(must(helm, ['lint', '--strict', chart]))),
    await claim('deploy/hoplens.yaml is what the chart renders', () => {
      if (renderManifest(helm) !== readFileSync(manifestFile, 'utf8')) throw new Error('run npm run generate:manifest');
      return 'byte for byte';
    }),
    await claim('everything switched on', () => everythingSwitchedOn(helm)),
    await claim('a wrong value', () => refused(helm, 'agent.queues=maybe')),
    await claim('a value that nobody reads', () => refused(helm, 'agent.bugdet=100')),
  ];
}

async function promtoolClaims(): Promise<boolean[]> {
  const folder = onPath('promtool');
  if (!folder) {
    say('not checked: the rules, for there is no promtool (Debian: prometheus)');
    return [];
  }
  const promtool = (...words: string[]): string => must(join(folder, 'promtool'), words);
  return [
    await claim('promtool check rules', () => promtool('check', 'rules', join(chart, 'files/alerts.yaml')).trim().replace(/\s+/g, ' ')), // prettier-ignore
    await claim('promtool test rules', () => lastLine(promtool('test', 'rules', join(root, 'test/deploy/alerts.promtool.yaml')))), // prettier-ignore
  ];
}

const claims = [...(await helmClaims(await findHelm())), ...(await promtoolClaims())];
process.exitCode = claims.filter((isTrue) => !isTrue).length;
