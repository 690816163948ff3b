/** Keeps the exponents in force: controller in, kernel configuration out, and their history for the readers. */
import type { Exponents, Status } from '../wire/messages.ts';
import type { BlindLog } from './blind.ts';
import { createController } from './controller.ts';
import type { KernelSession } from './session.ts';
import { emptyDemand } from './totals.ts';

export interface Sampler {
  /** Looks at what passed and follows it; true when the exponents changed. */
  follow(nowNs: number): boolean;
  /** The ring fills: what passed says how far to go, and if that is not far enough, one step more. */
  relieve(nowNs: number): void;
  /** From now on this exponent, or whatever keeps the budget. */
  choose(exponent: 'auto' | number): void;
  /** From now on the sample may use so many records per second. */
  limit(budget: number): void;
  readonly exponents: Exponents;
  /** Exponents since the last call: those that came, or those that still are. */
  takeHistory(nowNs: number): Status['exponents'];
}

/** What a sampler is made of; `nowNs` reads the node's clock. */
interface Sources {
  kernel: Pick<KernelSession, 'readDemand'> & { config: Pick<KernelSession['config'], 'setExponents'> };
  blind: Pick<BlindLog, 'exponentChanged'>;
  nowNs: () => number;
}

const highest = (a: Exponents, b: Exponents): Exponents => ({
  marks: Math.max(a.marks, b.marks),
  packets: Math.max(a.packets, b.packets),
  control: Math.max(a.control, b.control),
});

export function createSampler({ kernel, blind, nowNs: clockNs }: Sources, budget: number, exponent?: number): Sampler {
  const demand = emptyDemand();
  let controller = createController(budget, exponent);
  let history: Status['exponents'] = [];

  let inForce: Exponents = controller.exponents;

  /** A busy machine may stop us anywhere here: what is certainly in force before and after is not so in between. */
  function set(to: Exponents): void {
    const beforeNs = clockNs();
    kernel.config.setExponents(to);
    const afterNs = clockNs();
    history.push({ fromNs: beforeNs, ...highest(inForce, to) }, { fromNs: afterNs, ...to });
    blind.exponentChanged(beforeNs, afterNs);
    inForce = to;
  }

  function follow(nowNs: number): boolean {
    kernel.readDemand(demand);
    const changed = controller.update(demand, nowNs);
    if (changed) set(changed);
    return changed !== undefined;
  }

  kernel.config.setExponents(inForce);
  history.push({ fromNs: 0, ...inForce });
  return {
    follow,
    relieve(nowNs) {
      if (follow(nowNs)) return;
      const raised = controller.raise();
      if (raised) set(raised);
    },
    limit(to) {
      budget = to;
      controller.limit(to);
    },
    get exponents() {
      return inForce;
    },
    choose(to) {
      controller = createController(budget, to === 'auto' ? undefined : to);
      set(controller.exponents);
    },
    takeHistory(nowNs) {
      const taken = history.length > 0 ? history : [{ fromNs: nowNs, ...controller.exponents }];
      history = [];
      return taken;
    },
  };
}
