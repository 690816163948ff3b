import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_PAYLOAD_BYTES } from '../wire/frame.ts';
import { encodeMessage, type ClusterNames, type Names, type ToldNames } from '../wire/messages.ts';
import { parseNames } from './schema.ts';
import { createTold, fitNames } from './told.ts';

const podNamed = (name: string, address: string): Names['pods'][number] => ({ name, namespace: 'shop', addresses: [address] }); // prettier-ignore
const file = { names: { pods: [podNamed('web-1', '10.0.0.1')], services: [], nodes: [] }, writtenMs: 5 };
const cluster: ClusterNames = { pods: [podNamed('db-1', '10.0.0.2')], services: [] };

it('are a file, Kubernetes, or both, each as it is by now', () => {
  const messages: ToldNames[] = [];
  const told = createTold((names) => messages.push(names), () => {}); // prettier-ignore
  told.kubernetes(cluster, 7);
  told.file(file);
  told.kubernetes({ pods: [], services: [] }, 8);
  const none = { pods: [], services: [], nodes: [] };
  expect(messages).toEqual([
    { ...none, writtenMs: 0, kubernetes: { ...cluster, writtenMs: 7 } },
    { ...file.names, writtenMs: 5, kubernetes: { ...cluster, writtenMs: 7 } },
    { ...file.names, writtenMs: 5, kubernetes: { pods: [], services: [], writtenMs: 8 } },
  ]);
});

it('count the bytes of the file too: a change of Kubernetes sends them again', () => {
  const told = createTold(() => {}, () => {}); // prettier-ignore
  told.file(file);
  told.kubernetes(cluster, 7);
  const both = [file.names, cluster.pods[0]].map((names) => Buffer.byteLength(JSON.stringify(names)));
  expect(told.stats()).toEqual({ bytes: both[0] + both[1] + 1, leftOut: 0 });
});

it('are cut where they find no room, which is said once with a count; readers take the rest', () => {
  const said: string[] = [];
  let last: ToldNames | undefined;
  const told = createTold((names) => (last = names), (line) => said.push(line)); // prettier-ignore
  const many = Array.from({ length: 32_800 }, (_, at) => podNamed(`pod-${String(at).padStart(6, '0')}`, '10.0.0.1'));
  told.kubernetes({ pods: many, services: [] }, 1);
  told.kubernetes({ pods: many, services: [] }, 2);
  expect(said).toEqual(["32 names of Kubernetes' find no room in a message and are left out"]);
  const frame = encodeMessage({ stream: 1, sequence: 1, timeMs: 0 }, { type: 'names', timeNs: 0, ...last! });
  expect(frame.length).toBeLessThan(MAX_PAYLOAD_BYTES);
  const { pods } = parseNames({ pods: last!.kubernetes!.pods });
  expect(pods.at(-1)!.name).toBe('pod-032767');
});

it('fit into any room: the first by name, pods before Services, and the others are counted', () => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const pods = fc.array(text.map((name) => podNamed(name, '10.0.0.1')));
  const services = fc.array(text.map((name) => ({ name, addresses: ['10.0.0.1'], ports: [] })));
  fc.assert(
    fc.property(pods, services, fc.nat(3000), fc.nat(60), (allPods, allServices, mostBytes, mostEntries) => {
      const { names, bytes, leftOut } = fitNames({ pods: allPods, services: allServices }, mostBytes, mostEntries);
      const kept = names.pods.length + names.services.length;
      expect(kept + leftOut).toBe(allPods.length + allServices.length);
      expect(kept).toBeLessThanOrEqual(mostEntries);
      expect(bytes).toBeLessThanOrEqual(mostBytes);
      const overhead = '{"pods":[],"services":[]}'.length;
      expect(Buffer.byteLength(JSON.stringify(names))).toBeLessThanOrEqual(bytes + overhead);
    }),
  );
});
