/** What a cluster is told, against what the agent is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultTag } from '../../deploy/image.mjs';
import { agentCommand } from '../../agent/commands/agent.ts';
import { version } from '../../agent/commands/version.ts';
import { missingCapabilities } from '../../agent/daemon/capabilities.ts';
import { chart, chartDigest } from '../setup/chart.mjs';
import { root } from '../setup/go.mjs';
import { container, find, manifestText, objects, pod } from './objects.ts';

const agent = () => agentCommand(() => {}).exitOverride();
const inChart = (name: string): unknown => parse(readFileSync(join(chart, name), 'utf8'));

describe('the plain manifest', () => {
  it('is of this chart (if not: npm run generate:manifest)', () => {
    expect(manifestText).toContain(`# sha256 of the chart: ${chartDigest()}\n`);
  });

  it('runs the image that deploy/image.mjs makes, of this version', () => {
    expect(container.image).toBe(defaultTag);
    expect(inChart('Chart.yaml')).toMatchObject({ version, appVersion: version });
  });

  it('is in one namespace of its own, and asks for a token that is in no file', () => {
    expect(objects.map(({ kind }) => kind).sort()).toEqual(['ClusterRole', 'ClusterRoleBinding', 'DaemonSet', 'Namespace', 'ServiceAccount']); // prettier-ignore
    for (const kind of ['DaemonSet', 'ServiceAccount']) expect(find(kind).metadata.namespace).toBe(find('Namespace').metadata.name); // prettier-ignore
    expect(pod.volumes.map((volume) => volume.secret?.secretName)).toEqual(['hoplens']);
  });

  it('gives the agent options and variables that it knows', () => {
    const [command, ...options] = container.args.map((word) => word.replace('$(HOST_IP)', '192.0.2.1'));
    expect(command).toBe(agent().name());
    expect(agent().parseOptions(options)).toEqual({ operands: [], unknown: [] });
    const known = agent().options.map((option) => option.envVar);
    const given = container.env.map(({ name }) => name).filter((name) => name.startsWith('HOPLENS_'));
    expect(given).not.toHaveLength(0);
    expect(known).toEqual(expect.arrayContaining(given));
  });

  it('gives the capabilities that the agent asks for and README explains, and nothing else', () => {
    const { capabilities, ...rest } = container.securityContext;
    const wanted = missingCapabilities('CapEff:\t0000000000000000\n').sort();
    expect(capabilities).toEqual({ drop: ['ALL'], add: wanted });
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    expect([...readme.matchAll(/^\| `CAP_(\w+)`/gm)].map((match) => match[1]).sort()).toEqual(wanted);
    expect(rest).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
    expect([rest.privileged, pod.hostPID]).toEqual([undefined, undefined]);
  });

  it('lets it read pods and Services, and nothing else', () => {
    expect(find('ClusterRole').rules).toEqual([{ apiGroups: [''], resources: ['pods', 'services'], verbs: ['list', 'watch'] }]); // prettier-ignore
    expect(objects.filter(({ rules }) => rules)).toHaveLength(1);
    expect(pod.serviceAccountName).toBe(find('ServiceAccount').metadata.name);
  });

  it('labels pods as the DaemonSet, and the other agents, look for them', () => {
    const { selector, template } = find('DaemonSet').spec!;
    expect(template.metadata.labels).toEqual(selector.matchLabels);
    const looked = agent().options.find((option) => option.name() === 'peer-pods')?.defaultValue as string;
    const [name, value] = looked.split('=');
    expect(template.metadata.labels[name]).toBe(value);
  });
});

type Schema = { properties?: Record<string, Schema>; additionalProperties?: unknown };

/** Names of values, those below others with dots, as far as the schema knows them one by one. */
const valuesOf = (values: object, schema: Schema): string[] =>
  Object.entries(values).flatMap(([name, value]) => {
    const below = schema.properties?.[name];
    if (!below?.properties || typeof value !== 'object' || value === null) return [name];
    return valuesOf(value as object, below).map((inner) => `${name}.${inner}`);
  });

const schemasOf = ({ properties = {} }: Schema): string[] =>
  Object.entries(properties).flatMap(([name, schema]) =>
    name === 'resources' || name === 'seccompProfile' || !schema.properties ? [name] : schemasOf(schema).map((inner) => `${name}.${inner}`),
  ); // prettier-ignore

describe('the chart', () => {
  const values = inChart('values.yaml') as { agent: Record<string, unknown> };
  const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Schema;

  it('has a schema for every value, and a value for everything in the schema', () => {
    const known = schemasOf(schema).filter((name) => name !== 'global');
    expect(valuesOf(values, { properties: { ...schema.properties, seccompProfile: {} } }).sort()).toEqual(known.sort());
  });

  it('leaves the options of the agent at their defaults', () => {
    const { devices, extraArgs, ...options } = values.agent;
    expect([devices, extraArgs]).toEqual([[], []]);
    for (const [name, value] of Object.entries(options)) {
      const option = agent().options.find((candidate) => candidate.attributeName() === name);
      expect([name, option?.defaultValueDescription ?? option?.defaultValue]).toEqual([name, value]);
    }
  });
});
