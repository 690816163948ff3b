/** Fields of Kubernetes' objects, to the limits that names have (agent/names/schema.ts): what breaks them is not read at all. */
import * as v from 'valibot';

export const nameText = v.pipe(v.string(), v.minLength(1), v.maxLength(253));
export const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** As many as one name may have. */
export const MAX_ADDRESSES = 64;
const address = v.pipe(v.string(), v.ip());

/** Those that are addresses, each once: what has none says so with an empty text, or `None`. */
export const addressesIn = (texts: string[]): string[] =>
  [...new Set(texts)].filter((text) => v.is(address, text)).slice(0, MAX_ADDRESSES);
