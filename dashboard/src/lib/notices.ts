/** What must be said above everything else, in sentences. Quiet when all is well. */
import type { FilterInForce } from '../../../agent/wire/messages.ts';
import type { NodeHealth } from '../worker/health.ts';
import type { Connection, View } from '../worker/messages.ts';
import { formatAge, formatSpan, sentence } from './format.ts';
import { lengthOf } from './span.ts';
import { formatClock, formatCount } from '../../../agent/trace/numbers.ts';

export interface Notice {
  /** Stable, so that a notice that changes its figures stays in its place. */
  key: string;
  kind: 'info' | 'warning' | 'loss';
  text: string;
  /** What its button does. */
  action?: 'live';
}

export type State = 'connecting' | 'live' | 'paused' | 'stale' | 'offline' | 'recorded' | 'ended';

/** The word in the header. */
export function stateOf(connection: Connection, view: View | undefined, isPast: boolean, isRecording: boolean): State {
  if (connection.state === 'ended') return 'ended';
  if (isPast) return 'paused';
  if (connection.state === 'connecting') return 'connecting';
  if (connection.state !== 'up') return 'offline';
  if (view?.nodes.some((node) => node.state !== 'up')) return 'stale';
  return isRecording ? 'recorded' : 'live';
}

export function noticesOf(
  connection: Connection,
  view: View | undefined,
  isRecording: boolean,
  file?: string,
): Notice[] {
  return [
    ...(file !== undefined ? [opened(file, view, connection)] : isRecording ? [recorded(view, connection)] : []),
    ...offline(connection, view),
    ...(view ? [...wrongClocks(view), ...contradictedClocks(view), ...past(view, connection), ...absent(view, connection), ...unequal(view), ...alone(view, isRecording || file !== undefined), ...missed(view), ...unwritten(view), ...followed(view)] : []),
  ]; // prettier-ignore
}

function recorded(view: View | undefined, connection: Connection): Notice {
  const startedAt = view?.nodes[0]?.startedAt;
  const when = startedAt ? ` of ${startedAt.slice(0, 16).replace('T', ' ')} UTC` : '';
  const end = connection.state === 'ended' ? ' It has ended; what it showed last stays.' : '';
  return {
    key: 'recorded',
    kind: 'info',
    text: `A RECORDED session${when}, played as if it were now: nothing here is live.${end}`,
  };
}

/** One sentence where all nodes have the same to say. */
function followed({ filters }: View): Notice[] {
  const byText = new Map<string, string[]>();
  for (const [node, filter] of Object.entries(filters)) {
    const text = followedBy(filter);
    byText.set(text, [...(byText.get(text) ?? []), node]);
  }
  const isProblem = (node: string): boolean => filters[node].problem !== undefined;
  return [...byText].map(([text, nodes]) => ({
    key: `followed ${text}`,
    kind: isProblem(nodes[0]) ? 'warning' : 'info',
    text: `${nodes.join(', ')}: ${text}`,
  }));
}

function followedBy({ expression, by, problem, exponents: { packets } }: FilterInForce): string {
  if (problem) return `cannot follow all of “${expression}”: ${problem.message}`;
  const share = packets > 0 ? `one in ${formatCount(2 ** packets)} packets, by the budget,` : 'every packet';
  return `${share} of “${expression}” is followed, for ${by}`;
}

function opened(file: string, view: View | undefined, connection: Connection): Notice {
  const when = view ? `, ${new Date(view.held.from * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
  const state = connection.state === 'ended' ? 'Nothing here is live.' : 'It is being read.';
  return { key: 'recorded', kind: 'info', text: `A RECORDED session: ${file}${when}. ${state}`, action: 'live' };
}

function offline(connection: Connection, view: View | undefined): Notice[] {
  if (connection.state !== 'down' || !view?.nodes.length) return [];
  const text = `No connection since ${formatClock(connection.sinceMs)}: ${connection.message}. What is shown is what came before; trying again.`;
  return [{ key: 'offline', kind: 'warning', text }];
}

function past(view: View, { state }: Connection): Notice[] {
  const { span, isLive, since, heldSeconds } = view;
  if (isLive) return [];
  const missing = lengthOf(span) - heldSeconds;
  const goesOn =
    state === 'ended' ? 'Space goes back to the end.' : `${formatCount(since)} paths came since; Space goes on to now.`;
  const text = `Looking at ${formatSpan(span)}. ${goesOn}`;
  return [
    { key: 'past', kind: 'info', text },
    ...(missing > 0 ? [{ key: 'unheld', kind: 'warning', text: unheld(view, missing) } as const] : []),
  ];
}

function unheld({ span, held }: View, missing: number): string {
  const part = missing === lengthOf(span) ? 'Nothing of that' : `${formatAge(missing * 1000)} of that`;
  const verb = missing === 1 || missing === lengthOf(span) ? 'is' : 'are';
  return `${part} ${missing === lengthOf(span) ? 'is' : `${verb} not`} held: this page has ${formatSpan(held)}.`;
}

function absent(view: View, connection: Connection): Notice[] {
  if (connection.state !== 'up') return [];
  const known = new Set(view.nodes.map((node) => node.name));
  const nodes = view.nodes.filter((node) => node.state !== 'up').map((node) => notice(node.name, absence(node)));
  const peers = view.peers.filter(
    (peer) => !known.has(peer.node) && (peer.state === 'down' || peer.state === 'refused'),
  );
  return [
    ...nodes,
    ...peers.map((peer) => notice(peer.url, `${peer.url} was never reached (${peer.state}): ${peer.error}`)),
  ];
}

const notice = (key: string, text: string): Notice => ({ key: `absent ${key}`, kind: 'warning', text });

function absence(node: NodeHealth): string {
  const since = formatClock(node.sinceMs);
  if (node.state === 'down')
    return `${node.name} is down since ${since}: ${sentence(node.error)} Paths over it are not seen.`;
  return `${node.name} has been silent since ${since}. Paths over it are not seen.`;
}

function unequal(view: View): Notice[] {
  const versions = [...new Set(view.nodes.map((node) => node.version))];
  if (versions.length < 2) return [];
  const list = view.nodes.map((node) => `${node.name} ${node.version}`).join(', ');
  return [{ key: 'versions', kind: 'info', text: `The agents are of different versions: ${list}.` }];
}

function wrongClocks(view: View): Notice[] {
  const tests = view.nodes.filter((node) => node.testClock !== '');
  return tests.map(({ name, testClock }) => ({
    key: `test clock ${name}`,
    kind: 'warning',
    text: `A TEST: the clock of ${name} is wrong on purpose (${testClock}).`,
  }));
}

/** Which of the two daemons is wrong nobody can say: only that a packet would have come before it was sent. */
function contradictedClocks(view: View): Notice[] {
  const reference = view.nodes[0]?.name;
  const contradicted = view.nodes.filter((node) => node.clockSource === 'realtime contradicted');
  return contradicted.map(({ name }) => ({
    key: `realtime ${name}`,
    kind: 'warning',
    text: `The CLOCK_REALTIME of ${reference} or of ${name} is further off than its NTP or PTP says: by them packets would arrive before they are sent. Times between the two rest on traffic alone.`,
  }));
}

function alone(view: View, isRecording: boolean): Notice[] {
  if (isRecording || view.nodes.length !== 1 || view.peers.length > 0) return [];
  const text = `One node only: ${view.nodes[0].name}. What leaves it is not followed; its agent learns of others by --peer ws://HOST:9430.`;
  return [{ key: 'alone', kind: 'info', text }];
}

function missed(view: View): Notice[] {
  const frames = view.nodes.reduce((all, node) => all + node.missed, 0);
  if (frames === 0) return [];
  const text = `This page was too slow and missed ${formatCount(frames)} frames since it was opened: paths in them are not lost by the network.`;
  return [{ key: 'missed', kind: 'warning', text }];
}

function unwritten(view: View): Notice[] {
  const { recordsLost } = view.counters;
  if (recordsLost === 0) return [];
  const text = `In ${formatAge(lengthOf(view.span) * 1000)} the agents could not keep ${formatCount(recordsLost)} records (ring full or capped); they sample 1:${formatCount(2 ** view.exponent)} now.`;
  return [{ key: 'unwritten', kind: 'warning', text }];
}
