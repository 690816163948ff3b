/** What keys do. */
import { lists, shows, type List, type Show, type Tab } from './tabs.ts';

const tabKeys = ({ key, value, title }: Tab<string>): [keys: string, what: string] => [key, `${value}: ${title}`];

export const keyList: [keys: string, what: string][] = [
  ['↑ ↓', 'move in the list (also k and j)'],
  ['Enter', 'look at the path under the cursor, or only at packets lost so'],
  ['Esc', 'back: close, undo the last choice, clear, or leave the path'],
  ['/', 'filter; Enter there follows every packet that matches'],
  ['Space', 'stay at what is shown; go on to now'],
  ['1 2 3 4', 'last 10 s, 60 s, 5 min, 10 min'],
  ['← →', 'back and forth in time, by a quarter of what is shown'],
  [', .', 'by a second'],
  ['+ -', 'closer to what is shown; more around it'],
  ['l', 'live: return to now'],
  ['[ ]', 'one packet of the path: the slowest first, the next slower, the next faster'],
  ...shows.map(tabKeys),
  ...lists.map(tabKeys),
  ['g', 'groups of the path list: none, nodes, namespaces, workloads'],
  ['s', 'scale of the ruler: linear, square root, equal'],
  ['w', 'save a snapshot, or open one'],
  ['t', 'dark, light, or as the system'],
  ['?', 'these keys'],
];

export type Action =
  | { do: 'move'; by: number }
  | { do: 'open' | 'back' | 'filter' | 'pause' | 'group' | 'scale' | 'theme' | 'files' | 'help' | 'live' }
  | { do: 'scrub'; by: { parts: number } | { seconds: number } }
  | { do: 'zoom'; direction: 1 | -1 }
  | { do: 'packet'; by: number }
  | { do: 'window'; index: number }
  | { do: 'show'; show: Show }
  | { do: 'list'; list: List };

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const actions: Record<string, Action> = {
  ArrowUp: { do: 'move', by: -1 },
  ArrowDown: { do: 'move', by: 1 },
  k: { do: 'move', by: -1 },
  j: { do: 'move', by: 1 },
  Enter: { do: 'open' },
  Escape: { do: 'back' },
  '/': { do: 'filter' },
  ' ': { do: 'pause' },
  '1': { do: 'window', index: 0 },
  '2': { do: 'window', index: 1 },
  '3': { do: 'window', index: 2 },
  '4': { do: 'window', index: 3 },
  ArrowLeft: { do: 'scrub', by: { parts: -0.25 } },
  ArrowRight: { do: 'scrub', by: { parts: 0.25 } },
  ',': { do: 'scrub', by: { seconds: -1 } },
  '.': { do: 'scrub', by: { seconds: 1 } },
  '+': { do: 'zoom', direction: 1 },
  '-': { do: 'zoom', direction: -1 },
  l: { do: 'live' },
  '[': { do: 'packet', by: -1 },
  ']': { do: 'packet', by: 1 },
  g: { do: 'group' },
  s: { do: 'scale' },
  w: { do: 'files' },
  t: { do: 'theme' },
  '?': { do: 'help' },
  ...Object.fromEntries(shows.map(({ key, value }) => [key, { do: 'show' as const, show: value }])),
  ...Object.fromEntries(lists.map(({ key, value }) => [key, { do: 'list' as const, list: value }])),
};

/**
 * What a key means. `within`: where the focus is; in a field keys are text, and a button has its own Enter and Space.
 */
export function actionOf(key: Key, within: 'field' | 'button' | 'page'): Action | undefined {
  if (key.ctrlKey || key.metaKey || key.altKey) return undefined;
  if (within === 'field' && key.key !== 'Escape') return undefined;
  if (within === 'button' && (key.key === 'Enter' || key.key === ' ')) return undefined;
  return Object.hasOwn(actions, key.key) ? actions[key.key] : undefined;
}
