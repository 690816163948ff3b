import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNames } from '../names/schema.ts';
import { nameOfPod, readPod } from './pods.ts';
import { podObject } from './testing.ts';

const named = (object: unknown) => {
  const pod = readPod(object);
  return pod && nameOfPod(pod);
};
const workload = (owner: { kind: string; name: string }, labels: Record<string, string> = {}) =>
  named(podObject('web-1', '10.244.0.5', { owner, labels }))?.workload;

describe('a pod', () => {
  it('has its addresses of all families, namespace, node and Deployment', () => {
    const object = podObject('web-bd757fcbc-r4j8s', '10.244.0.3', {
      labels: { app: 'web', 'pod-template-hash': 'bd757fcbc' },
      owner: { kind: 'ReplicaSet', name: 'web-bd757fcbc' },
    });
    object.status.podIPs.push({ ip: 'fd00:10:244::3' });
    expect(named(object)).toEqual({
      name: 'web-bd757fcbc-r4j8s', namespace: 'shop', workload: 'web', node: 'n1', addresses: ['10.244.0.3', 'fd00:10:244::3'],
    }); // prettier-ignore
  });

  it.each([
    [{ kind: 'ReplicaSet', name: 'web-bd757fcbc' }, {}, 'web-bd757fcbc'],
    [{ kind: 'ReplicaSet', name: 'web' }, { 'pod-template-hash': 'bd757fcbc' }, 'web'],
    [{ kind: 'ReplicaSet', name: '-b' }, { 'pod-template-hash': 'b' }, '-b'],
    [{ kind: 'StatefulSet', name: 'db' }, {}, 'db'],
    [{ kind: 'DaemonSet', name: 'logs' }, { 'pod-template-generation': '1' }, 'logs'],
    [{ kind: 'Job', name: 'backup-29401210' }, {}, 'backup'],
    [{ kind: 'Job', name: 'report-1764115200' }, {}, 'report'],
    [{ kind: 'Job', name: 'import-2024' }, {}, 'import-2024'],
    [{ kind: 'Node', name: 'n1' }, {}, undefined],
  ])('of %j with labels %j belongs to %s', (owner, labels, expected) => {
    expect(workload(owner, labels)).toBe(expected);
  });

  it('of nobody, or with an owner that does not control it, has no workload', () => {
    const object = podObject('web-1', '10.244.0.5', { owner: { kind: 'ReplicaSet', name: 'web' } });
    object.metadata.ownerReferences![0].controller = false;
    expect([named(object)?.workload, named(podObject('web-1', '10.244.0.5'))?.workload]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('without an address of its own has no name', () => {
    expect(named(podObject('agent', '192.168.1.10', { hostNetwork: true }))).toBeUndefined();
    expect(named(podObject('web-1', ''))).toBeUndefined();
    expect(named({ ...podObject('web-1', ''), status: undefined })).toBeUndefined();
    const pending = podObject('web-1', '10.244.0.5', { phase: 'Pending' });
    expect(named(pending)?.addresses).toEqual(['10.244.0.5']);
  });

  it.each(['Succeeded', 'Failed'])('that has %s is none: its address may be another one by now', (phase) => {
    expect(readPod(podObject('backup', '10.244.0.5', { phase }))).toBeUndefined();
  });
});

it('of anything makes nothing, or a name that readers take', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.1', 'fd00::1', 'fe80::1%eth0', '::ffff:1.2.3.4', 'x'.repeat(300)));
  const likePods = fc.record(
    {
      metadata: fc.record({ name: text, namespace: text, ownerReferences: fc.array(fc.record({ kind: text, name: text, controller: fc.boolean() })) }, { requiredKeys: ['name', 'namespace'] }),
      spec: fc.record({ nodeName: text, hostNetwork: fc.boolean() }, { requiredKeys: [] }),
      status: fc.record({ podIP: text, podIPs: fc.array(fc.record({ ip: text }), { maxLength: 80 }) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['metadata', 'spec'] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), likePods), (object) => {
      const name = named(object);
      if (name) expect(parseNames({ pods: [name] }).pods).toEqual([name]);
    }),
  );
}); // prettier-ignore
