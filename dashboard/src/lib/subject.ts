/** What the inspector looks at, as a word of the address: a segment or hop of the path in focus, or a node. */
export type Subject = { kind: 'segment'; at: number } | { kind: 'hop'; at: number } | { kind: 'node'; name: string };

export const formatSubject = (subject: Subject): string =>
  subject.kind === 'node' ? `node:${subject.name}` : `${subject.kind}:${subject.at}`;

/** Undefined where it is none. */
export function parseSubject(text: string): Subject | undefined {
  const [, kind, rest] = /^(segment|hop|node):(.+)$/s.exec(text) ?? [];
  if (kind === 'node') return { kind, name: rest };
  if ((kind !== 'segment' && kind !== 'hop') || !/^\d{1,2}$/.test(rest)) return undefined;
  return { kind, at: Number(rest) };
}

export const isSame = (a: Subject | undefined, b: Subject): boolean =>
  a !== undefined && formatSubject(a) === formatSubject(b);
