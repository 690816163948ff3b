/** Asks the agents to follow all that a filter matches, where they follow a sample only. */
import type { Control } from '../client/protocol.ts';
import type { Summary } from '../paths/counting.ts';
import type { FilterInForce } from '../wire/messages.ts';
import { shown } from '../names/shown.ts';
import { explainFilter, type Tree } from './filter.ts';
import { tcpdumpOf, type AddressesOf } from './filter-tree.ts';

export interface Follow {
  /** Asks if there is something to ask for, and says where it is not followed. Call it about once a second. */
  turn(summary: Pick<Summary, 'exponents' | 'filters'>, nowMs: number): void;
}

/** A status comes every second; a node loads a filter in a fraction of one. */
const PATIENCE_MS = 4000;

export function createFollow(
  tree: Tree | undefined,
  addressesOf: AddressesOf,
  send: (control: Control) => void,
  log: (line: string) => void,
): Follow {
  let askedMs = Infinity;
  let expression = '';
  const said = new Set<string>();

  /** Names may come later, and with them addresses. */
  function ask(nowMs: number): void {
    const wanted = tree ? tcpdumpOf(tree, addressesOf) : true;
    if (wanted === true && expression !== '') sayOnce('the filter is longer by now than agents take: of what came to match it later they follow a sample only'); // prettier-ignore
    if (wanted === true || wanted === expression) return;
    expression = wanted;
    askedMs = nowMs;
    send({ type: 'filter', expression });
  }

  function say(node: string, state: FilterInForce | undefined): void {
    const line = explainFollowing(node, expression, state);
    if (line !== undefined) sayOnce(line);
  }

  function sayOnce(line: string): void {
    if (said.has(line)) return;
    said.add(line);
    // All of this comes from outside: none of it moves the cursor.
    log(line.split('\n').map(shown).join('\n'));
  }

  return {
    turn({ exponents, filters }, nowMs) {
      if (expression !== '' || Object.values(exponents).some((exponent) => exponent > 0)) ask(nowMs);
      if (expression === '') return;
      const isDue = nowMs - askedMs > PATIENCE_MS;
      for (const node of Object.keys(exponents)) {
        const state = Object.hasOwn(filters, node) ? filters[node] : undefined;
        if (isDue || state?.expression === expression) say(node, state);
      }
    },
  };
}

/** Why not all of it is followed there; undefined where it is. */
function explainFollowing(node: string, expression: string, state: FilterInForce | undefined): string | undefined {
  if (!state) return `${node} follows a sample only: it put no filter into force`;
  if (state.expression !== expression)
    return `${node} follows ${state.expression} for ${state.by}, and this a sample only`;
  if (state.problem) return `${node} follows a sample only: ${explainFilter(expression, state.problem)}`;
  const { marks, packets } = state.exponents;
  if (packets > 0)
    return `${node}: more matches than its budget has room for; of that 1 in ${2 ** packets} packets is followed`;
  if (marks > 10)
    return `${node}: more matches than its budget has room for; of that 1 mark in ${2 ** marks} bytes is followed`;
  return state.missing === undefined ? undefined : `${node}: drops are told of by the sample only: ${state.missing}`;
}
