/** The choice of what the times over time are of: the total, a segment by its name, or that of one node: `encap@n1`. */
import { segmentNames } from '../../../agent/paths/segments.ts';
import type { Way as RowWay } from './rows.ts';

export const TOTAL = 'total';

type Way = Pick<RowWay, 'segments' | 'nodes'>;

/** A segment belongs to the node that it begins at. */
const onNode = ({ segments, nodes }: Way, at: number): string => `${segments[at].name}@${nodes[at]}`;

/** Which segments of a way are chosen. Of rows that have the same one it is found once. */
export function chooserOf(choice: string): (way: Way) => number[] {
  const [name, node] = partsOf(choice);
  const known = new Map<Way, number[]>();
  const placesOf = ({ segments, nodes }: Way): number[] =>
    segments.flatMap((segment, at) => (segment.name === name && (node ?? nodes[at]) === nodes[at] ? [at] : []));
  return (way) => {
    let places = known.get(way);
    if (!places) known.set(way, (places = placesOf(way)));
    return places;
  };
}

function partsOf(choice: string): [name: string, node: string | undefined] {
  const at = choice.indexOf('@');
  return at < 0 ? [choice, undefined] : [choice.slice(0, at), choice.slice(at + 1)];
}

/** Of one way each segment has a choice of its own, of several those of one name share it. */
export function segmentChoices(ways: readonly Way[], chosen: string): string[] {
  const choices = ways.length === 1 ? ofWay(ways[0]) : ofAll(ways);
  return [TOTAL, ...choices, ...(chosen === TOTAL || choices.includes(chosen) ? [] : [chosen])];
}

function ofWay(way: Way): string[] {
  const names = way.segments.map(({ name }) => name);
  const isAlone = (name: string): boolean => names.indexOf(name as never) === names.lastIndexOf(name as never);
  return [...new Set(names.map((name, at) => (isAlone(name) ? name : onNode(way, at))))];
}

/** Many ways have the same list of segments. */
function ofAll(ways: readonly Way[]): string[] {
  const lists = new Set(ways.map(({ segments }) => segments));
  const names = new Set([...lists].flatMap((segments) => segments.map(({ name }) => name)));
  return segmentNames.filter((name) => names.has(name));
}
