/** Pods as the API server tells of them: whose name an address is, and what a pod belongs to. Pure. */
import * as v from 'valibot';
import type { Names } from '../wire/messages.ts';
import { addressesIn, nameText } from './fields.ts';

const owner = v.object({ kind: v.string(), name: nameText, controller: v.optional(v.boolean(), false) });
const ips = v.optional(v.array(v.object({ ip: v.optional(v.string(), '') })), []);
const pod = v.object({
  metadata: v.object({
    name: nameText,
    namespace: nameText,
    labels: v.optional(v.record(v.string(), v.string()), {}),
    ownerReferences: v.optional(v.array(owner), []),
  }),
  spec: v.object({ nodeName: v.optional(nameText), hostNetwork: v.optional(v.boolean(), false) }),
  status: v.optional(
    v.object({ phase: v.optional(v.string(), ''), podIP: v.optional(v.string(), ''), podIPs: ips, hostIP: v.optional(v.string(), ''), hostIPs: ips }),
    {},
  ),
}); // prettier-ignore

type Metadata = v.InferOutput<typeof pod>['metadata'];

/** What is kept of a pod. */
export interface Pod {
  name: string;
  namespace: string;
  workload?: string;
  node?: string;
  /** Of all families, the main one first; in the node's own network they are the node's. */
  addresses: string[];
  hostAddresses: string[];
  isInHostNetwork: boolean;
}

/** Undefined for one that has ended, and for what is no pod. */
export function readPod(object: unknown): Pod | undefined {
  const parsed = v.safeParse(pod, object);
  if (!parsed.success) return undefined;
  const { metadata, spec, status } = parsed.output;
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return undefined;
  const workload = workloadOf(metadata);
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    ...(workload !== undefined && { workload }),
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    addresses: addressesIn([status.podIP, ...status.podIPs.map(({ ip }) => ip)]),
    hostAddresses: addressesIn([status.hostIP, ...status.hostIPs.map(({ ip }) => ip)]),
    isInHostNetwork: spec.hostNetwork,
  };
}

/** Schedule times, in minutes or in seconds since 1970: an ordinary Job is hardly called so. */
const scheduled = /^(.+)-\d{8,10}$/;

/**
 * Who made the pod, as people know it: of a ReplicaSet its Deployment, of a CronJob's Job the CronJob. Undefined for pods of nobody, and for
 * those that a node's kubelet has from a file.
 */
function workloadOf({ labels, ownerReferences }: Metadata): string | undefined {
  const controller = ownerReferences.find((reference) => reference.controller);
  if (!controller || controller.kind === 'Node') return undefined;
  const { kind, name } = controller;
  const hash = labels['pod-template-hash'];
  const end = `-${hash}`;
  const isOfDeployment = kind === 'ReplicaSet' && hash !== undefined && name.endsWith(end) && name !== end;
  if (isOfDeployment) return name.slice(0, -end.length);
  return (kind === 'Job' && scheduled.exec(name)?.[1]) || name;
}

/** Undefined where no address is the pod's own: none yet, or the node's. */
export function nameOfPod(known: Pod): Names['pods'][number] | undefined {
  if (known.isInHostNetwork || known.addresses.length === 0) return undefined;
  const { name, namespace, workload, node, addresses } = known;
  return {
    name,
    namespace,
    ...(workload !== undefined && { workload }),
    ...(node !== undefined && { node }),
    addresses,
  };
}
