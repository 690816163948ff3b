/** What there is to name in a filter, of what the page shows. */
import type { Existing } from '../../../agent/trace/filter-complete.ts';
import type { Name } from '../../../agent/names/name.ts';
import { namesOf } from '../../../agent/trace/shape.ts';
import type { RowShape } from '../worker/rows.ts';

type Shown = Pick<RowShape, 'ends' | 'hops' | 'source' | 'destination' | 'addressed' | 'service'>;

export function existingIn(shapes: Iterable<Shown>): Existing {
  const found = {
    pods: new Set<string>(), namespaces: new Set<string>(), services: new Set<string>(), nodes: new Set<string>(),
    devices: new Set<string>(), addresses: new Set<string>(), ports: new Set<string>(),
  }; // prettier-ignore
  for (const shape of shapes) {
    for (const name of namesOf(shape.ends)) noteName(found, name);
    for (const { node, device } of shape.hops) {
      found.nodes.add(node);
      found.devices.add(device);
    }
    found.addresses.add(shape.source).add(shape.destination);
    if (shape.addressed) found.addresses.add(shape.addressed);
    if (shape.service) found.ports.add(String(shape.service));
  }
  return found;
}

function noteName(found: Record<'pods' | 'namespaces' | 'services', Set<string>>, name: Name): void {
  const full = name.namespace === null ? name.name : `${name.namespace}/${name.name}`;
  if (name.kind === 'pod') found.pods.add(full);
  if (name.kind === 'service') found.services.add(full);
  if (name.namespace !== null) found.namespaces.add(name.namespace);
}
