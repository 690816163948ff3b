/** What the upper panel shows and what the lower one lists: tabs, each with a key of its own. */
export interface Tab<T extends string> {
  value: T;
  key: string;
  title: string;
}

export const shows = [
  { value: 'ruler', key: 'r', title: 'the path in focus, hop by hop' },
  { value: 'map', key: 'm', title: 'nodes, pods and what runs between them' },
  { value: 'nodes', key: 'n', title: 'from which node to which, and how long the wire takes' },
] as const;
export type Show = (typeof shows)[number]['value'];

export const lists = [
  { value: 'paths', key: 'p', title: 'who to whom' },
  { value: 'drops', key: 'd', title: 'what was lost where, and why' },
] as const;
export type List = (typeof lists)[number]['value'];

/** The tab to go to from one of them by a key; undefined where the key moves nowhere. */
export function tabAfter<T extends string>(tabs: readonly Tab<T>[], chosen: T, key: string): T | undefined {
  const at = tabs.findIndex(({ value }) => value === chosen);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[key];
  return to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length].value;
}
