/** What it rests on when the page says that nothing was lost, or how much: what could be told, and what could not. */
import { formatCount, formatShare } from '../../../agent/trace/numbers.ts';
import type { View } from '../worker/messages.ts';

export interface BasisLine {
  text: string;
  /** It could hide a loss. */
  isDoubt: boolean;
}

type Part = Pick<View, 'counters' | 'nodes' | 'exponent' | 'heldSeconds' | 'span'>;

const sure = (text: string): BasisLine => ({ text, isDoubt: false });
const doubt = (isDoubt: boolean, text: string): BasisLine[] => (isDoubt ? [{ text, isDoubt }] : []);

export function basisOf({ counters, nodes, exponent, heldSeconds, span }: Part): BasisLine[] {
  const { seen, sampled, joinable, joinableJoined, ambiguous, lostByUs, undecided, recordsLost, framesMissed } =
    counters;
  const unwatched = nodes.filter(({ noDrops }) => noDrops !== '').map(({ name }) => name);
  const silent = nodes.filter(({ state }) => state !== 'up').map(({ name }) => name);
  const joined = joinable > 0 ? `, ${formatShare(joinableJoined, joinable)} of those that every hop must have written joined` : ''; // prettier-ignore
  return [
    sure(`${formatCount(seen)} packets seen on ${formatCount(nodes.length)} ${nodes.length === 1 ? 'node' : 'nodes'}, ${formatCount(sampled)} followed (1:${formatCount(2 ** exponent)})${joined}.`),
    sure('A verdict comes 5 s after its packet: what was lost in the last seconds is not here yet.'),
    ...doubt(heldSeconds < span.to - span.from, `Only ${formatCount(Math.max(0, heldSeconds))} s of it are held.`),
    ...doubt(sampled === 0, 'No packet was followed, so none could be missed.'),
    ...doubt(silent.length > 0, `Not heard of: ${silent.join(', ')}.`),
    ...doubt(unwatched.length > 0, `The kernel’s drops are not watched on ${unwatched.join(', ')}: what is lost there vanishes without a reason.`),
    ...doubt(lostByUs > 0, `${formatCount(lostByUs)} packets were not seen by us to their end: absent because we did not look.`),
    ...doubt(recordsLost > 0, `${formatCount(recordsLost)} records could not be written by the agents.`),
    ...doubt(framesMissed > 0, `${formatCount(framesMissed)} frames did not reach this page.`),
    ...(ambiguous + undecided > 0
      ? [sure(`${formatCount(ambiguous)} ambiguous, ${formatCount(undecided)} of which nobody can say what became.`)]
      : []),
  ]; // prettier-ignore
}
