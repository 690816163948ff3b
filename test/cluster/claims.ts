/** What must hold of paths on a real cluster. Each claim gives what it saw, or undefined where it saw nothing such. */
import type { JsonPath } from '../../agent/paths/json.ts';
import type { Pod } from './cluster.ts';
import type { Traced } from './hoplens.ts';

const overlay = 'pod< bridge< vxlan> uplink> uplink< vxlan< bridge> pod>';

export const shape = (path: JsonPath): string =>
  path.hops.map((hop) => `${hop.kind}${hop.direction === 'ingress' ? '<' : '>'}`).join(' ');

/** Addresses that a path shows, each where it changes. */
export function describe(path: JsonPath): string {
  const sides = path.hops.map((hop) => `${hop.source} > ${hop.destination}`);
  const changes = sides.filter((side, i) => side !== sides[i - 1]);
  const why = path.drop ? `: ${path.drop.reason} in ${path.drop.symbol}` : '';
  return `${path.protocol} ${changes.join('  ~NAT~  ')}  [${path.hops.map((hop) => `${hop.node}/${hop.device}`).join(' ')}] ${path.verdict}${why}`;
}

export const addsUp = (path: JsonPath): boolean =>
  path.totalNs === null ||
  path.segments.reduce((sum, segment) => sum + (segment.durationNs ?? NaN), 0) === path.totalNs;

/** A packet from pod to pod over flanneld's VXLAN: eight hops, 50 bytes, segments that add up. */
export function overPodNetwork({ paths }: Traced, from: Pod, to: Pod): string | undefined {
  const found = paths.filter((path) => path.source.ip === from.ip && path.destination.ip === to.ip);
  const wrong = found.find(
    (path) =>
      shape(path) !== overlay || path.encapsulation?.bytes !== 50 || path.verdict !== 'delivered' || !addsUp(path),
  );
  if (wrong)
    throw new Error(`a path is not as it should be: ${describe(wrong)} ${JSON.stringify(wrong.encapsulation)}`);
  return found[0] && `${found.length} paths, ${describe(found[0])} +${found[0].encapsulation?.bytes} bytes`;
}

/** A request to a Service: one path with the addresses before and after DNAT, and the reply's with them turned back. */
export function throughService({ paths }: Traced, client: Pod, service: string, backend: string): string | undefined {
  const request = paths.find(
    (path) =>
      path.source.ip === client.ip &&
      path.hops[0]?.destination === service &&
      path.hops.at(-1)?.destination === backend,
  );
  const reply = paths.find(
    (path) =>
      path.destination.ip === client.ip && path.hops[0]?.source === backend && path.hops.at(-1)?.source === service,
  );
  return request && reply && `${describe(request)}\n      reply ${describe(reply)}`;
}

/** Both pods and the Service by the names that Kubernetes gives them. */
export function named({ paths }: Traced, client: Pod, service: string, backend: Pod): string | undefined {
  const found = paths.find(
    ({ source, destination }) =>
      source.pod === client.name && destination.pod === backend.name && destination.service === service,
  );
  if (!found) return undefined;
  const { source, destination } = found;
  return `${source.namespace}/${source.pod} (${source.workload}) > service ${destination.service} > ${destination.namespace}/${destination.pod} (${destination.workload})`;
}

/** Every node's agent is read, though nobody named one. */
export function heard({ summary }: Traced, nodes: string[]): string | undefined {
  const told = Object.keys(summary.exponents);
  return nodes.every((node) => told.includes(node)) ? told.join(', ') : undefined;
}

/** A NodePort that is entered at another node than the pod's: source and destination both change on one path. */
export function throughNodePort({ paths }: Traced, nodePort: string, backend: string): string | undefined {
  const found = paths.find((path) => {
    const first = path.hops[0];
    const last = path.hops.at(-1);
    return first?.destination === nodePort && last?.destination === backend && last.source !== first.source;
  });
  return found && describe(found);
}
