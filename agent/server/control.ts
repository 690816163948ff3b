/** What a reader may say: one narrow place. */
import * as v from 'valibot';
import { isExpression, type Control } from '../client/protocol.ts';

export const MAX_CONTROL_BYTES = 4096;
export const MAX_EXPONENT = 31;

const exponent = v.union([v.literal('auto'), v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EXPONENT))]);
const control = v.variant('type', [
  v.strictObject({ type: v.literal('sample'), exponent }),
  v.strictObject({
    type: v.literal('filter'),
    expression: v.pipe(v.string(), v.check(isExpression)),
    by: v.optional(v.pipe(v.string(), v.maxLength(64), v.regex(/^[ -~]*$/))),
  }),
]);

const WANTED =
  'control messages are {"type":"sample","exponent":"auto" or 0 to 31} and {"type":"filter","expression":TEXT}';

/** A control message, or the sentence why it is none. */
export function parseControl(data: Uint8Array, isBinary: boolean): Control | string {
  if (isBinary) return 'control messages are JSON text';
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return 'control message without JSON';
  }
  const parsed = v.safeParse(control, value);
  return parsed.success ? parsed.output : WANTED;
}

/** Tells whether one more message is within `limit` in any `windowMs`. */
export function rateLimit(limit: number, windowMs: number): (nowMs: number) => boolean {
  const times: number[] = [];
  return (nowMs) => {
    while (times.length > 0 && nowMs - times[0] >= windowMs) times.shift();
    if (times.length >= limit) return false;
    times.push(nowMs);
    return true;
  };
}
