/** The filter in force: the library compiles and loads it, a controller of its own keeps it inside its part of the budget. */
import type { FilterInForce } from '../wire/messages.ts';
import { createController } from './controller.ts';
import { KernelError, type Filtering } from './library.ts';
import type { Sampler } from './sampler.ts';
import { lowest, type KernelSession } from './session.ts';
import { emptyDemand } from './totals.ts';

export interface KernelFilter {
  /** Replaces the filter; an empty expression is none. */
  set(expression: string, by: string): void;
  /** Looks at what the filter matched and follows it. */
  follow(nowNs: number): void;
  /** The ring fills. */
  relieve(): void;
  /** Undefined without one. */
  state(): FilterInForce | undefined;
}

interface Sources {
  kernel: Pick<KernelSession, 'readFilterDemand'> & {
    config: Pick<KernelSession['config'], 'setFilterExponents' | 'setFiltering' | 'setCaps'>;
    library: Pick<KernelSession['library'], 'filter'>;
  };
  sampler: Pick<Sampler, 'limit' | 'exponents'>;
  budget: number;
  onError: (error: unknown) => void;
}

/** Of the budget: what a filter may take while there is one. The sample keeps the rest. */
const SHARE = 0.5;
/** Characters of what the kernel says, which a verifier does at length. */
const MAX_PROBLEM = 300;

const cut = ({ problem, missing }: Filtering): Filtering => ({
  ...(problem && { problem: { ...problem, message: problem.message.slice(0, MAX_PROBLEM) } }),
  ...(missing !== undefined && { missing: missing.slice(0, MAX_PROBLEM) }),
});

export function createFiltering({ kernel, sampler, budget, onError }: Sources): KernelFilter {
  const { config, library } = kernel;
  const demand = emptyDemand();
  let controller = createController(SHARE * budget);
  let state: Omit<FilterInForce, 'exponents'> | undefined;
  /** Loading takes a while: one after the other, and of those that wait the last one counts. */
  let loading = Promise.resolve();
  let asked = 0;

  /** The ring must have room for what both may write. */
  const setCaps = (sampled: number): void => config.setCaps(sampled, SHARE * budget);

  /** What a reader asks for ends no agent: where the kernel refuses it, that is its problem. */
  async function put(expression: string): Promise<Filtering> {
    try {
      return await library.filter({ expression });
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return { problem: { message: error.message, at: 0 } };
    }
  }

  async function load(number: number, expression: string, by: string): Promise<void> {
    if (number !== asked) return;
    // What the library is about to replace stays in force until then; nothing is asked once there is none.
    if (expression === '') config.setFiltering(false);
    const found = await put(expression);
    const isInForce = expression !== '' && !found.problem;
    // A wrong one leaves the library's former one in place, for which nobody asks any more.
    if (found.problem && expression !== '') await put('');
    controller = createController(SHARE * budget);
    config.setFilterExponents(controller.exponents);
    config.setFiltering(isInForce);
    const sampled = isInForce ? (1 - SHARE) * budget : budget;
    sampler.limit(sampled);
    setCaps(sampled);
    state = expression === '' ? undefined : { expression, by, ...cut(found) };
  }

  setCaps(budget);
  return {
    set(expression, by) {
      const number = ++asked;
      loading = loading.then(() => load(number, expression, by)).catch(onError);
    },
    follow(nowNs) {
      if (!state || state.problem) return;
      kernel.readFilterDemand(demand);
      const changed = controller.update(demand, nowNs);
      if (changed) config.setFilterExponents(changed);
    },
    relieve() {
      if (!state || state.problem) return;
      const raised = controller.raise();
      if (raised) config.setFilterExponents(raised);
    },
    state: () => state && { ...state, exponents: lowest(controller.exponents, sampler.exponents) },
  };
}
