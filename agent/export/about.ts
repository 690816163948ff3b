/** A path in a few words, for files whose readers know no paths. */
import { formatEndpoint } from '../paths/addresses.ts';
import { flowAt, lastOf, type PathView } from '../paths/view.ts';
import { identityText, protocolName } from '../paths/words.ts';
import { describeLoss, isLost } from '../trace/losses.ts';
import { destinationOf, endLabel, sourceOf } from '../trace/shape.ts';

export const identityOf = (view: PathView): string => identityText(view.identityLow, view.identityHigh);

/** By name where it has one. */
export const fromLabel = (view: PathView): string => endLabel(view.ends.source, sourceOf(view, 0));
export const toLabel = (view: PathView): string =>
  endLabel(view.ends.destination ?? view.ends.addressed, destinationOf(view, lastOf(view)));

/** `10.244.1.2:40000 ▸ 10.96.0.10:80 tcp`, as the first hop saw it. */
export function flowLabel(view: PathView): string {
  const frame = view.frames[0];
  const flow = flowAt(view, 0);
  const source = formatEndpoint(sourceOf(view, 0), frame.sourcePort[flow]);
  const destination = formatEndpoint(destinationOf(view, 0), frame.destinationPort[flow]);
  return `${source} ▸ ${destination} ${protocolName(view.protocol)}`;
}

/** What became of it: `delivered`, or where and why not. */
export const outcomeOf = (view: PathView): string =>
  isLost(view) ? describeLoss(view) : `${view.verdict}${view.ambiguous ? ', ambiguous' : ''}`;
