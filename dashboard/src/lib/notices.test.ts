import { expect, test } from 'vitest';
import { createAgent } from '../../../agent/paths/synthetic.ts';
import { createSession } from '../worker/session.ts';
import type { View } from '../worker/messages.ts';
import { noticesOf } from './notices.ts';

const NOW_MS = 1.7e12;

/** Two nodes that have just come up; of the second one's clock this is known. */
function viewOf(clockSource: string): View {
  const session = createSession();
  for (const node of [0, 1]) session.frame(createAgent(node).hello(0).bytes, NOW_MS);
  session.tick(NOW_MS);
  const view = session.view(NOW_MS);
  const nodes = view.nodes.map((node, at) => (at === 1 ? { ...node, clockSource } : node));
  return { ...view, nodes };
}

const textsOf = (view: View): string[] => noticesOf({ state: 'up' }, view, false).map(({ text }) => text);

test.each(['', 'traffic', 'realtime', 'traffic and realtime'])('of a clock by "%s" nothing is said', (source) => {
  expect(textsOf(viewOf(source))).toEqual([]);
});

test('of clocks that daemons keep in step it is said when traffic contradicts them', () => {
  expect(textsOf(viewOf('realtime contradicted'))).toEqual([
    expect.stringMatching(/^The CLOCK_REALTIME of n1 or of n2 is further off than its NTP or PTP says/),
  ]);
});

test('of the past it is said how to leave it: to now, or to the end of a recording', () => {
  const view = { ...viewOf(''), isLive: false, since: 1234, heldSeconds: 60, span: { from: 1.7e9, to: 1.7e9 + 60 } };
  expect(textsOf(view).at(-1)).toMatch(/\(60 s\)\. 1,234 paths came since; Space goes on to now\.$/);
  expect(noticesOf({ state: 'ended' }, view, true).at(-1)?.text).toMatch(/\(60 s\)\. Space goes back to the end\.$/);
});

test('a filter in force is told with whose it is, and one that could not be with the reason', () => {
  const exponents = { marks: 0, packets: 0, control: 0 };
  const filter = { expression: 'udp', by: '10.0.0.9', exponents };
  const view = { ...viewOf(''), filters: { n1: filter, n2: filter } };
  expect(textsOf(view)).toEqual(['n1, n2: every packet of “udp” is followed, for 10.0.0.9']);
  const sampled = { ...filter, exponents: { ...exponents, packets: 3 } };
  const problem = { ...filter, problem: { message: 'libpcap is missing', at: 0 } };
  expect(textsOf({ ...view, filters: { n1: sampled, n2: problem } })).toEqual([
    'n1: one in 8 packets, by the budget, of “udp” is followed, for 10.0.0.9',
    'n2: cannot follow all of “udp”: libpcap is missing',
  ]);
});
