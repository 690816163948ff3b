/** What is demanded of every cell. */
import type { Outcome } from './run.ts';

/** Of what may be joined; and of what is joined the share of which the captures must be able to say something. */
const LEAST_JOINED = 0.999;
const MOST_UNTOLD = 0.02;
/** A cell that carries less proves little. */
export const LEAST_JOINABLE = 200;

/** Kinds of traffic of which nothing came through. */
const silentKinds = (sent: Outcome['sent']): string[] =>
  Object.entries(sent).filter(([, count]) => count === 0).map(([name]) => name); // prettier-ignore

/**
 * Whether nothing is shown either way: so much was lost by us, or a connection did not come about, for the wire lost its SYN
 * and a second passes before another one is sent.
 */
export const provesNothing = ({ summary, sent }: Outcome): boolean =>
  summary.lostByUs > summary.joinable * (1 - LEAST_JOINED) || silentKinds(sent).length > 0;

/** Sentences that say what is wrong; none where all is well. */
export function faultsOf({ summary, comparison, resurrected, sent, joined }: Outcome): string[] {
  const { joinable, joinableJoined, framesMissed } = summary;
  const { equal, alike, different, untold } = comparison;
  const unknown = Object.values(untold).reduce((sum, count) => sum + count, 0);
  const silent = silentKinds(sent);
  const faults: [boolean, string][] = [
    [different.length > 0, `joined falsely: ${different.length}, as ${different.slice(0, 3).join('; ')}`],
    [resurrected > 0, `${resurrected} were told as arrived although the wire had dropped them`],
    [joinable < LEAST_JOINABLE, `only ${joinable} might be joined`],
    [joinableJoined < joinable * LEAST_JOINED, `${joinableJoined} of ${joinable} that may be joined were`],
    [unknown > (equal + alike) * MOST_UNTOLD, `of ${unknown} joined ones the captures cannot tell, of ${equal + alike} they can`], // prettier-ignore
    [framesMissed > 0, `${framesMissed} frames did not come`],
    [silent.length > 0, `no ${silent.join(' and ')} traffic was sent`],
    [!joined[0], 'no byte of TCP was followed'],
  ];
  return faults.filter(([isWrong]) => isWrong).map(([, sentence]) => sentence);
}
