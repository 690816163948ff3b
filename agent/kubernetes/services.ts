/** Services as the API server tells of them: by which addresses and ports they are reached. Pure. */
import * as v from 'valibot';
import type { Names } from '../wire/messages.ts';
import { MAX_ADDRESSES, addressesIn, nameText, portNumber } from './fields.ts';

const servicePort = v.object({
  port: portNumber,
  nodePort: v.optional(portNumber),
  protocol: v.optional(v.picklist(['TCP', 'UDP', 'SCTP']), 'TCP'),
});
const texts = v.optional(v.array(v.string()), []);
const service = v.object({
  metadata: v.object({ name: nameText, namespace: nameText }),
  spec: v.object({
    type: v.optional(v.string(), 'ClusterIP'),
    clusterIP: v.optional(v.string(), ''),
    clusterIPs: texts,
    externalIPs: texts,
    ports: v.optional(v.array(servicePort), []),
  }),
  status: v.optional(
    v.object({ loadBalancer: v.optional(v.object({ ingress: v.optional(v.array(v.object({ ip: v.optional(v.string(), '') })), []) }), {}) }),
    {},
  ),
}); // prettier-ignore

/** What is kept of a Service. */
export interface Service {
  name: string;
  namespace: string;
  /** Its own, of all families. */
  addresses: string[];
  /** At which it is reached from elsewhere. */
  externalAddresses: string[];
  ports: Names['services'][number]['ports'];
}

/** As many as a names file may have. */
const MAX_PORTS = 64;

/** Undefined for one whose packets go to the pods themselves, as they do without an address of its own, and for what is no Service. */
export function readService(object: unknown): Service | undefined {
  const parsed = v.safeParse(service, object);
  if (!parsed.success || parsed.output.spec.type === 'ExternalName') return undefined;
  const { metadata, spec, status } = parsed.output;
  const { clusterIP, clusterIPs, externalIPs, ports } = spec;
  const addresses = addressesIn([clusterIP, ...clusterIPs]);
  const externalAddresses = addressesIn([...externalIPs, ...status.loadBalancer.ingress.map(({ ip }) => ip)]);
  if (addresses.length === 0 && externalAddresses.length === 0) return undefined;
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    addresses,
    externalAddresses,
    ports: ports.slice(0, MAX_PORTS).map(readPort),
  };
}

const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

const readPort = ({ port, nodePort, protocol }: v.InferOutput<typeof servicePort>): Service['ports'][number] => ({
  port,
  ...(nodePort !== undefined && { nodePort }),
  protocol: protocols[protocol],
});

/**
 * Where a node's own address serves as the external one, as with k3s and externalIPs, it stays the node's: the Service is not all that
 * is reached there.
 * @param nodeAddresses of all nodes that are known
 */
export function nameOfService(known: Service, nodeAddresses: ReadonlySet<string>): Names['services'][number] {
  const { name, namespace, addresses, externalAddresses, ports } = known;
  const external = externalAddresses.filter((address) => !nodeAddresses.has(address) && !addresses.includes(address));
  return { name, namespace, addresses: [...addresses, ...external].slice(0, MAX_ADDRESSES), ports };
}
