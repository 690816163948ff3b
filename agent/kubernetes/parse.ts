/** What the API server says, narrowed to what is used of it. */
import * as v from 'valibot';
import { KubernetesError } from './errors.ts';

const page = v.object({
  metadata: v.object({ resourceVersion: v.string(), continue: v.optional(v.string(), '') }),
  // A list without any has null here.
  items: v.nullish(v.array(v.unknown()), []),
});
export type Page = v.InferOutput<typeof page>;

const event = v.object({
  type: v.picklist(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: v.unknown(),
});
export type WatchEvent = v.InferOutput<typeof event>;

const identified = v.object({
  metadata: v.object({ name: v.string(), namespace: v.optional(v.string(), '') }),
});
const versioned = v.object({ metadata: v.object({ resourceVersion: v.string() }) });
const status = v.object({ code: v.optional(v.number(), 0), message: v.optional(v.string(), '') });

/** @throws KubernetesError 'garbage' */
function parse<S extends v.GenericSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new KubernetesError('garbage', `the API server sent ${what} that is none: ${parsed.issues[0].message}`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KubernetesError('garbage', `the API server sent ${what} that is no JSON`);
  }
}

export const parsePage = (text: string): Page => parse(page, parseJson(text, 'a list'), 'a list');
export const parseEvent = (line: string): WatchEvent => parse(event, parseJson(line, 'an event'), 'an event');
export const versionOf = (object: unknown): string => parse(versioned, object, 'an object').metadata.resourceVersion;
export const statusOf = (object: unknown): v.InferOutput<typeof status> => parse(status, object, 'an error');

/** `namespace/name`. */
export function keyOf(object: unknown): string {
  const { namespace, name } = parse(identified, object, 'an object').metadata;
  return `${namespace}/${name}`;
}
