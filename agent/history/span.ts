/** Spans of the past as addresses carry them. */
import type { Span } from './recorder.ts';

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `300s`, `5m`, `1500ms`, `2h`; a bare number is seconds. Undefined where it is none of these. */
export function parseLength(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  return match ? Number(match[1]) * units[match[2] ?? 's'] : undefined;
}

/** How long ago: `-5m`, or Unix seconds on the clock of whoever is asked. What is still to come is now. */
function parseAge(text: string, wallMs: number): number | undefined {
  if (text.startsWith('-')) return parseLength(text.slice(1));
  return /^\d+(?:\.\d+)?$/.test(text) ? Math.max(0, wallMs - Number(text) * 1000) : undefined;
}

/** A span, or the sentence why it is none. */
export function parseSpan(query: URLSearchParams, wallMs: number): Span | string {
  const from = query.get('from');
  const fromAgeMs = from === null ? Infinity : parseAge(from, wallMs);
  const toAgeMs = parseAge(query.get('to') ?? '-0', wallMs);
  if (fromAgeMs === undefined || toAgeMs === undefined)
    return 'from and to are so long ago, as in -5m, or seconds since 1970';
  if (fromAgeMs <= toAgeMs) return 'from must be before to';
  const bytes = query.get('bytes');
  if (bytes !== null && !/^\d{1,15}$/.test(bytes)) return 'bytes is a whole number';
  return { fromAgeMs, toAgeMs, bytes: bytes === null ? undefined : Number(bytes) };
}

/** The same for another agent, by ages: its clock may differ from ours. */
export const formatSpan = ({ fromAgeMs, toAgeMs, bytes }: Span): Record<string, string> => ({
  ...(fromAgeMs !== Infinity && { from: `-${Math.round(fromAgeMs)}ms` }),
  ...(toAgeMs > 0 && { to: `-${Math.round(toAgeMs)}ms` }),
  ...(bytes !== undefined && { bytes: String(Math.floor(bytes)) }),
});
