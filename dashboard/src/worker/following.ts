/** What the agents are asked to follow whole; they forget it when this page is gone. */
import type { Control } from '../../../agent/client/protocol.ts';
import { FilterError, parseTree } from '../../../agent/trace/filter.ts';
import { tcpdumpOf, type AddressesOf } from '../../../agent/trace/filter-tree.ts';

export interface Following {
  /** Everything that this filter matches; an empty one, a wrong one and one that no packet shows are none. */
  ask(text: string): void;
  /** The connection is a new one: nobody there knows. */
  up(): void;
}

export function createFollowing(addressesOf: AddressesOf, send: (control: Control) => void): Following {
  let asked = '';
  return {
    ask(text) {
      const expression = expressionOf(text, addressesOf);
      if (expression === asked) return;
      asked = expression;
      send({ type: 'filter', expression });
    },
    up() {
      if (asked !== '') send({ type: 'filter', expression: asked });
    },
  };
}

function expressionOf(text: string, addressesOf: AddressesOf): string {
  try {
    const tree = parseTree(text);
    const expression = tree ? tcpdumpOf(tree, addressesOf) : true;
    return expression === true ? '' : expression;
  } catch (error) {
    if (error instanceof FilterError) return '';
    throw error;
  }
}
