/** What stands on a line of a frame: a pod, or all pods of a workload, namespace or node. */
import { labelOf } from '../../../../agent/names/name.ts';
import { nameWord } from '../../lib/narrow.ts';
import type { End } from './trip.ts';
import type { Level, MapGroup } from './view.ts';

export type GroupKind = Pick<MapGroup, 'kind' | 'label' | 'title' | 'words'> & { key: string };

/** Whose ends count as one at this level. */
export function groupOf(end: End, level: Level): GroupKind {
  const { kind, node, name } = end;
  if (level === 'node') return { key: 'all', kind: 'pod', label: '', title: '', words: nodeWord(node) };
  if (kind === 'host') return { key: 'host', kind, label: 'node itself', title: `${node} itself`, words: nodeWord(node) };
  if (level === 'pod') return memberOf(end);
  if (name?.kind !== 'pod') return { key: 'unnamed', kind, label: 'without a name', title: 'without a name', words: nodeWord(node) };
  const { namespace, workload } = name;
  if (level === 'namespace' || workload === null) return namespaceOf(kind, namespace);
  const full = namespace === null ? workload : `${namespace}/${workload}`;
  return { key: `workload ${full}`, kind, label: workload, title: `workload ${full}`, words: [nameWord('pod', full)] };
} // prettier-ignore

function memberOf({ kind, name, address }: End): GroupKind {
  if (!name) return { key: address, kind, label: address, title: address, words: [`host ${address}`] };
  const full = labelOf(name);
  const words = name.kind === 'pod' ? [nameWord('pod', full)] : [`host ${address}`];
  return { key: full, kind, label: name.name, title: `${full}, ${address}`, words };
}

function namespaceOf(kind: MapGroup['kind'], namespace: string | null): GroupKind {
  const text = namespace ?? 'no namespace';
  const words = namespace === null ? [] : [nameWord('namespace', namespace)];
  return { key: `namespace ${text}`, kind, label: `${text}/`, title: `namespace ${text}`, words };
}

const nodeWord = (node: string): string[] => (node === '' ? [] : [nameWord('node', node)]);
