/** What becomes of a filter once it is read: answers from records, and an expression for tcpdump's compiler. */
import { isExpression } from '../client/protocol.ts';
import type { Name } from '../names/name.ts';
import type { Filter, Leaf, Subject, Tree } from './filter-parts.ts';

/** Yes, no, or undefined: records cannot tell. */
type Answer = boolean | undefined;

function answer(tree: Tree, subject: Subject): Answer {
  if (tree.kind === 'leaf') return tree.matches?.(subject);
  if (tree.kind === 'not') {
    const of = answer(tree.of, subject);
    return of === undefined ? undefined : !of;
  }
  const decisive = tree.kind === 'or';
  const [a, b] = tree.parts.map((part) => answer(part, subject));
  if (a === decisive || b === decisive) return decisive;
  return a === undefined || b === undefined ? undefined : !decisive;
}

export const answersOf =
  (tree: Tree): Filter =>
  (subject) =>
    answer(tree, subject) ?? true;

export function leavesOf(tree: Tree): Leaf[] {
  if (tree.kind === 'leaf') return [tree];
  return tree.kind === 'not' ? leavesOf(tree.of) : tree.parts.flatMap(leavesOf);
}

export const unansweredOf = (tree: Tree): Leaf[] => leavesOf(tree).filter(({ matches }) => !matches);

/** Addresses of what a word such as `pod:web` chooses. */
export type AddressesOf = (chooses: (name: Name) => boolean) => string[];

/** `true` always holds, `false` never. */
type Expression = string | boolean;

/**
 * The filter as an expression of tcpdump's that lets all through that the filter does, and of the rest as little as it can; true
 * where that is everything, or more than agents take.
 */
export function tcpdumpOf(tree: Tree, addressesOf: AddressesOf): string | true {
  const expression = widest(tree, true, addressesOf);
  // What can match nothing is asked for all the same: names may come.
  if (expression === false) return 'less 1';
  return expression === true || isExpression(expression) ? expression : true;
}

/** What cannot be said is taken for true where that lets more through, for false under a `not`. */
function widest(tree: Tree, wide: boolean, addressesOf: AddressesOf): Expression {
  switch (tree.kind) {
    case 'leaf':
      return leafExpression(tree, addressesOf) ?? wide;
    case 'not': {
      const of = widest(tree.of, !wide, addressesOf);
      return typeof of === 'boolean' ? !of : `not (${of})`;
    }
    case 'and':
    case 'or':
      return join(tree.kind, tree.parts.map((part) => widest(part, wide, addressesOf))); // prettier-ignore
  }
}

/** Undefined where it cannot be said, or takes more addresses than an expression has room for. */
function leafExpression({ tcpdump, names }: Leaf, addressesOf: AddressesOf): Expression | undefined {
  if (!names) return tcpdump !== undefined && isExpression(tcpdump) ? tcpdump : undefined;
  const hosts = addressesOf(names).map((address) => `host ${address}`);
  const expression = hosts.length === 1 ? hosts[0] : `(${hosts.join(' or ')})`;
  return hosts.length > 0 && (isExpression(expression) ? expression : undefined);
}

function join(kind: 'and' | 'or', [a, b]: Expression[]): Expression {
  const decisive = kind === 'or';
  if (a === decisive || b === decisive) return decisive;
  if (typeof a === 'boolean') return b;
  if (typeof b === 'boolean') return a;
  return `(${a}) ${kind} (${b})`;
}
