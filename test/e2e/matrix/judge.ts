/** What is demanded of every cell. */
import { bigCells } from './cells.ts';
import type { Outcome } from './run.ts';

/** Of what may be joined; and of what is joined the share of which the captures must be able to say something. */
const LEAST_JOINED = 0.999;
const MOST_UNTOLD = 0.02;
/** A cell that carries less proves little. */
const LEAST_JOINABLE = 200;

/** Of 64 KiB, with its Ethernet header. */
const LONGEST_FRAME = 65_549;

/** Kinds of traffic of which nothing came through. */
const silentKinds = (sent: Outcome['sent']): string[] =>
  Object.entries(sent).filter(([, count]) => count === 0).map(([name]) => name); // prettier-ignore

/** What must never be. */
const isFalse = ({ comparison, resurrected }: Outcome): boolean => comparison.different.length > 0 || resurrected > 0;

/**
 * Whether it shows nothing either way: we lost much on a busy machine, a SYN was lost and a second passed before another one
 * was sent, a port served two connections. Where it is so each time something is wrong.
 */
export const provesNothing = (outcome: Outcome): boolean => !isFalse(outcome) && faultsOf(outcome).length > 0;

/** Sentences that say what is wrong; none where all is well. */
export function faultsOf({ cell, longest, summary, comparison, resurrected, sent, joined }: Outcome): string[] {
  const { joinable, joinableJoined, framesMissed } = summary;
  const { equal, alike, different, apart, untold } = comparison;
  const unknown = Object.values(untold).reduce((sum, count) => sum + count, 0);
  const silent = silentKinds(sent);
  const faults: [boolean, string][] = [
    [different.length > 0, `joined falsely: ${different.length}, as ${different.slice(0, 3).join('; ')}`],
    [apart.length > 0, `joined falsely, by time: ${apart.length}, as ${apart.slice(0, 3).join('; ')}`],
    [resurrected > 0, `${resurrected} were told as arrived although the wire had dropped them`],
    [joinable < LEAST_JOINABLE, `only ${joinable} might be joined`],
    [joinableJoined < joinable * LEAST_JOINED, `${joinableJoined} of ${joinable} that may be joined were`],
    [unknown > (equal + alike) * MOST_UNTOLD, `of ${unknown} joined ones the captures cannot tell, of ${equal + alike} they can`], // prettier-ignore
    [framesMissed > 0, `${framesMissed} frames did not come`],
    [silent.length > 0, `no ${silent.join(' and ')} traffic was sent`],
    [bigCells.includes(cell) && longest <= LONGEST_FRAME, 'no super-packet beyond 64 KiB was among them'],
    [!joined[0], 'no byte of TCP was followed'],
  ];
  return faults.filter(([isWrong]) => isWrong).map(([, sentence]) => sentence);
}
