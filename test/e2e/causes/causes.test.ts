/**
 * Every cause of loss that we know how to make, at a known place and rate: the verdict names the place, the reason and as
 * many packets as were lost. What this kernel calls things was measured with a reader of skb:kfree_skb of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, startCluster, type Cluster } from '../support.ts';
import type { Cause } from './cause.ts';
import { foreign, onWire } from './foreign.ts';
import { links } from './links.ts';
import { netfilter } from './netfilter.ts';
import { pods } from './pods.ts';
import { produce, type Outcome } from './produce.ts';
import { routing } from './routing.ts';
import { expected, packets, tally, told } from './told.ts';

const all = [...netfilter, ...routing, ...links, ...pods, ...foreign];
const causes = await Promise.all(all.map(async (cause) => ({ cause, lacks: await cause.missing?.() })));

/** Nothing of a count is to be random because of our own budget. */
const agents = { args: ['--budget', '500000'] };
const labs = [
  { title: 'flannel-vxlan', topology: 'flannel-vxlan', options: { agents }, of: on('flannel-vxlan') },
  { title: 'calico-routed', topology: 'calico-routed', options: { agents }, of: on('calico-routed') },
  {
    title: 'flannel-vxlan on the wire',
    topology: 'flannel-vxlan',
    options: { agents, lab: { wire: true } },
    of: onWire.map((cause) => ({ cause, lacks: undefined })),
  },
];

function on(topology: string): typeof causes {
  return causes.filter(({ cause }) => cause.topology === topology);
}

describe.skipIf(missing !== undefined).each(labs)(
  `causes of loss, $title (needs root and a lab; missing: ${missing})`,
  ({ topology, options, of }) => {
    let cluster: Cluster;
    let outcomes: Map<Cause, Outcome | Error>;

    beforeAll(async () => {
      cluster = await startCluster(topology, options);
      outcomes = await produce(
        cluster,
        of.filter(({ lacks }) => lacks === undefined).map(({ cause }) => cause),
      );
    }, 600_000);
    afterAll(() => cluster.stop());

    for (const { cause, lacks } of of) {
      test.skipIf(lacks !== undefined)(`${cause.name}${lacks === undefined ? '' : ` (needs ${lacks})`}`, () => {
        const outcome = outcomes.get(cause);
        if (!outcome || outcome instanceof Error) throw outcome ?? new Error('it was not made');
        expectMade(cause, outcome);
        if (outcome.sent.protocol === 'tcp') expectPackets(cause, outcome);
        else expectEach(cause, outcome);
        if (cause.error) expectErrors(cause.error, outcome);
      });
    }
  },
);

/** The cause did what it is meant to do. */
function expectMade({ share }: Cause, { sent: { sent: counted, lost: unanswered }, lost, paths }: Outcome): void {
  expect(lost).toBeGreaterThan(0);
  if (share === 'some') return;
  if (unanswered !== undefined) expect(unanswered).toBe(lost);
  const sent = counted ?? packets(paths);
  if (share === 'all') expect(lost).toBe(sent);
  else if ('every' in share) expect(Math.abs(lost - sent / share.every)).toBeLessThanOrEqual(1);
  else expectChance(lost, sent, share.chance);
}

/** Five standard deviations: once in two million runs by chance. */
function expectChance(lost: number, sent: number, chance: number): void {
  expect(Math.abs(lost - sent * chance)).toBeLessThan(5 * Math.sqrt(sent * chance * (1 - chance)));
}

/** Packets that are told apart: so many of them are lost as told, and all others are delivered. */
function expectEach(cause: Cause, { sent, lost, paths }: Outcome): void {
  const delivered = sent.sent! - lost;
  expect(tally(paths)).toEqual({ [expected(cause)]: lost, ...(delivered > 0 && { delivered }) });
}

/** TCP: packets sent twice within a millisecond stay ambiguous. */
function expectPackets(cause: Cause, { lost, paths }: Outcome): void {
  const line = expected(cause);
  const right = packets(paths.filter((path) => told(path) === line));
  const unclear = packets(paths.filter(({ ambiguous }) => ambiguous));
  const seen = JSON.stringify(tally(paths), null, 1);
  expect(right, seen).toBeLessThanOrEqual(lost);
  expect(right + unclear, seen).toBeGreaterThanOrEqual(lost);
  expect(paths.filter(({ verdict, ambiguous }) => verdict === 'vanished' && !ambiguous).map(told)).toEqual([]);
  const dropped = paths.filter(({ verdict }) => verdict === 'dropped').map(told);
  expect(dropped.filter((other) => other !== line)).toEqual([]);
}

/** They are packets of their own, and arrive. */
function expectErrors({ from, share }: NonNullable<Cause['error']>, { lost, errors }: Outcome): void {
  const told = errors.filter(({ source }) => source.ip === from);
  expect(new Set(told.map(({ verdict }) => verdict))).toEqual(new Set(['delivered']));
  if (share === 'all') expect(told).toHaveLength(lost);
}
