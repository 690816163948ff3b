import { isIPv6 } from 'node:net';
import { LabError } from './error.ts';
import { inNamespace, run } from './run.ts';

export interface Service {
  name: string;
  /** IPv4 or IPv6; the endpoints are of the same kind. */
  clusterIp: string;
  port: number;
  /** Also reachable under every node's address. IPv4 only. */
  nodePort?: number;
  protocol?: 'tcp' | 'udp';
  endpoints: { ip: string; port: number }[];
}

interface NodeView {
  netns: string;
  address: string;
  address6: string;
  /** Its own pods, whose source addresses services keep. */
  podNetwork: string;
  podNetwork6: string;
}

const tableName = (name: string) => `hoplens-service-${name}`;

/**
 * What kube-proxy's nftables mode does for one service on one node: DNAT to a random endpoint for packets that arrive
 * and for the node's own; masquerade for what comes to a node port, from outside the pods, or back to its own sender.
 */
export function serviceRules(service: Service, node: NodeView): string {
  const { clusterIp, port, nodePort, protocol = 'tcp', endpoints } = service;
  const six = isIPv6(clusterIp);
  const family = six ? 'ip6' : 'ip';
  const at = (ip: string, number: number) => (six ? `[${ip}]:${number}` : `${ip}:${number}`);
  const address = six ? node.address6 : node.address;
  const pods = six ? node.podNetwork6 : node.podNetwork;
  const verdicts = endpoints.map((_, i) => `${i} : goto endpoint-${i}`).join(', ');
  const toNodePort =
    nodePort === undefined
      ? ''
      : `${family} daddr ${address} ${protocol} dport ${nodePort} meta mark set meta mark | 0x4000 goto endpoints`;
  const endpointChains = endpoints.map(
    ({ ip, port: target }, i) => `chain endpoint-${i} {
    ${family} saddr ${ip} meta mark set meta mark | 0x4000
    meta l4proto ${protocol} dnat to ${at(ip, target)}
  }`,
  );
  return `table ${family} ${tableName(service.name)} {
  ${endpointChains.join('\n  ')}
  chain endpoints {
    numgen random mod ${endpoints.length} vmap { ${verdicts} }
  }
  chain services {
    ${family} daddr ${clusterIp} ${protocol} dport ${port} ${family} saddr != ${pods} meta mark set meta mark | 0x4000
    ${family} daddr ${clusterIp} ${protocol} dport ${port} goto endpoints
    ${toNodePort}
  }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain output { type nat hook output priority -100; policy accept; jump services; }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x4000 == 0x4000 meta mark set meta mark ^ 0x4000 masquerade fully-random
  }
}
`;
}

/** @throws LabError 'invalid' for a service without endpoints or with mixed address families */
export async function addService(service: Service, nodes: NodeView[]): Promise<void> {
  checkService(service);
  await Promise.all(
    nodes.map((node) => run(inNamespace(node.netns, ['nft', '-f', '-']), { input: serviceRules(service, node) })),
  );
}

function checkService({ name, clusterIp, endpoints }: Service): void {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new LabError('invalid', `"${name}" is not the name of a service`);
  if (endpoints.length === 0) throw new LabError('invalid', `service ${name} has no endpoint`);
  if (endpoints.some(({ ip }) => isIPv6(ip) !== isIPv6(clusterIp))) {
    throw new LabError('invalid', `service ${name} mixes IPv4 and IPv6`);
  }
}

/** Takes the service away from the nodes; established connections keep their translation, as with kube-proxy. */
export async function removeService(name: string, family: 'ip' | 'ip6', nodes: { netns: string }[]): Promise<void> {
  await Promise.all(
    nodes.map((node) => run(inNamespace(node.netns, ['nft', 'delete', 'table', family, tableName(name)]))),
  );
}
