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
  choose(exponent: 'auto' | number, nowNs: number): void;
  /** Exponents since the last call: those that came, or those that still are. */
  takeHistory(nowNs: number): Status['exponents'];
}

export function createSampler(
  kernel: KernelSession,
  blind: BlindLog,
  budget: number,
  exponent: number | undefined,
): Sampler {
  const demand = emptyDemand();
  let controller = createController(budget, exponent);
  let history: Status['exponents'] = [];

  function set(to: Exponents, nowNs: number): void {
    kernel.config.setExponents(to);
    history.push({ fromNs: nowNs, ...to });
    blind.exponentChanged(nowNs);
  }

  function follow(nowNs: number): boolean {
    kernel.readDemand(demand);
    const changed = controller.update(demand, nowNs);
    if (changed) set(changed, nowNs);
    return changed !== undefined;
  }

  set(controller.exponents, 0);
  return {
    follow,
    relieve(nowNs) {
      if (follow(nowNs)) return;
      const raised = controller.raise();
      if (raised) set(raised, nowNs);
    },
    choose(to, nowNs) {
      controller = createController(budget, to === 'auto' ? undefined : to);
      set(controller.exponents, nowNs);
    },
    takeHistory(nowNs) {
      const taken = history.length > 0 ? history : [{ fromNs: nowNs, ...controller.exponents }];
      history = [];
      return taken;
    },
  };
}
