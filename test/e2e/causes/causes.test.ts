/**
 * Every cause of loss that we know how to make, at a known place and rate: the verdict names the place, the reason and as
 * many packets as were lost. What this kernel calls things was measured with a reader of skb:kfree_skb of its own.
 */
import { beforeAll, describe, test } from 'vitest';
import { missing, startCluster } from '../support.ts';
import { inTurn, type Turn } from '../turns.ts';
import type { Cause } from './cause.ts';
import { foreign, onWire } from './foreign.ts';
import { expectRight, provesNothing } from './judge.ts';
import { links } from './links.ts';
import { netfilter } from './netfilter.ts';
import { pods } from './pods.ts';
import { produce, type Outcome } from './produce.ts';
import { routing } from './routing.ts';

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

type Made = Map<Cause, Outcome | Error>;

async function produceIn({ topology, options, of }: (typeof labs)[number], turn: Turn): Promise<Made> {
  await using cluster = await startCluster(topology, options);
  const made = of.filter(({ lacks }) => lacks === undefined).map(({ cause }) => cause);
  const outcomes = await produce(cluster, made, turn.done);
  const again = made.filter((cause) => provesNothing(cause, outcomes.get(cause)!));
  if (again.length === 0) return outcomes;
  return new Map([...outcomes, ...(await turn.again(() => produce(cluster, again)))]);
}

describe.skipIf(missing !== undefined)(`causes of loss (needs root and a lab; missing: ${missing})`, () => {
  let outcomes: Made;
  beforeAll(async () => {
    const made = await inTurn(labs, produceIn);
    outcomes = new Map(made.flatMap((each) => [...each]));
  }, 600_000);

  describe.each(labs)('$title', ({ of }) => {
    for (const { cause, lacks } of of) {
      test.skipIf(lacks !== undefined)(`${cause.name}${lacks === undefined ? '' : ` (needs ${lacks})`}`, () => {
        const outcome = outcomes.get(cause);
        expectRight(cause, outcome ?? new Error('it was not made'));
      });
    }
  });
});
