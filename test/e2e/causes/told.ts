/** Verdicts as lines that are easy to compare, and to read in a failure. */
import type { SeenPath } from '../watch.ts';
import type { Cause, Place } from './cause.ts';

/** Compilers name the parts that they make of a function. */
const symbolOf = (symbol: string): string => symbol.replace(/\..*/, '');

const placeOf = ({ reason, symbol, hook, node, device, inPod }: Place): string =>
  `${reason} by ${symbolOf(symbol)}, hook ${hook}, ${inPod ? 'pod on ' : ''}${node}, device ${device}`;

/** One line for packets of which the same was told. */
const line = (verdict: string, drop: Place | null, way: string[]): string =>
  [verdict, ...(drop ? [`because ${placeOf(drop)}`] : []), `after ${way.join(', ')}`].join(' ');

export const expected = ({ drop, way }: Cause): string => line(drop ? 'dropped' : 'vanished', drop, way);

export function told({ verdict, drop, hops, ambiguous }: SeenPath): string {
  if (verdict === 'delivered') return verdict;
  const way = hops.map(({ node, device, direction }) => `${node} ${device} ${direction}`);
  return (ambiguous ? 'ambiguous, ' : '') + line(verdict, drop, way);
}

/** How often each line was told. */
export function tally(paths: SeenPath[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of paths.map(told)) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
}

/** One TCP packet may have left two records: it is known by what it carried and when, without payload by its identity. */
function keyOf({ identity, source, records }: SeenPath): string {
  const { sequence, payload, context } = records.at(-1)!;
  return payload > 0 ? [source.port, sequence, payload, context].join() : identity;
}

export const packets = (paths: SeenPath[]): number => new Set(paths.map(keyOf)).size;
