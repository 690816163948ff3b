/**
 * What may stand in a names file, and in the message that carries it: limits and rules, and the sentence that says which
 * entry breaks one. Used where a file is read and where a stream is: both come from outside.
 */
import * as v from 'valibot';
import type { Names } from '../wire/messages.ts';
import { shown } from './shown.ts';

/** Of pods, Services and nodes together. */
export const MAX_ENTRIES = 32_768;
const MAX_ADDRESSES = 64;
const MAX_PORTS = 64;
/** As Kubernetes has it. */
const MAX_NAME = 253;

/** What is wrong, at which entry. */
export class NamesError extends Error {
  override name = 'NamesError';
}

/** Of a map: it is none, or has a key that must not be there, or lacks one. */
function keys({ expected, received }: v.StrictObjectIssue): string {
  if (expected === 'never') return 'is not known here';
  return received === 'undefined' ? 'is missing' : 'must be a map';
}

const name = v.pipe(
  v.string('must be text; in YAML numbers want quotes'),
  v.minLength(1, 'must not be empty'),
  v.maxLength(MAX_NAME, `is longer than ${MAX_NAME} characters`),
);
const addresses = v.pipe(
  v.array(
    v.pipe(
      v.string('must be an IP address as text'),
      v.ip((issue) => `is ${issue.received}, which is no IP address`),
    ),
    'must be a list of IP addresses',
  ),
  v.maxLength(MAX_ADDRESSES, `has more than ${MAX_ADDRESSES} addresses`),
);
const someAddresses = v.pipe(addresses, v.minLength(1, 'must have at least one address'));

const isPort = 'must be a port from 1 to 65535';
const port = v.pipe(v.number(isPort), v.integer(isPort), v.minValue(1, isPort), v.maxValue(65_535, isPort));
const servicePort = v.strictObject({
  port, nodePort: v.optional(port), protocol: v.optional(v.picklist(['tcp', 'udp', 'sctp'], 'must be tcp, udp or sctp')),
}, keys); // prettier-ignore

const pod = v.strictObject({
  name, namespace: v.optional(name), workload: v.optional(name), node: v.optional(name), addresses: someAddresses,
}, keys); // prettier-ignore
const service = v.strictObject({
  name,
  namespace: v.optional(name),
  addresses: v.optional(addresses, []),
  ports: v.optional(v.pipe(v.array(servicePort, 'must be a list'), v.maxLength(MAX_PORTS, `has more than ${MAX_PORTS} ports`)), []),
}, keys); // prettier-ignore
const node = v.strictObject({ name, addresses: someAddresses }, keys);

const listOf = <T extends v.GenericSchema>(entry: T) => v.optional(v.array(entry, 'must be a list'), []);
const schema = v.pipe(
  v.strictObject({ pods: listOf(pod), services: listOf(service), nodes: listOf(node) }, keys),
  v.check(
    ({ pods, services, nodes }) => pods.length + services.length + nodes.length <= MAX_ENTRIES,
    `has more than ${MAX_ENTRIES} entries`,
  ),
);

/**
 * Names out of anything that was parsed.
 * @throws NamesError that names the first entry that is wrong, as in `pods[3] (web-1), addresses[0]: is ...`
 */
export function parseNames(value: unknown): Names {
  if (Array.isArray(value)) throw new NamesError('must be a map');
  const parsed = v.safeParse(schema, value ?? {}, { abortEarly: true });
  if (parsed.success) return parsed.output as Names;
  const [issue] = parsed.issues;
  const where = placeOf(issue.path ?? []);
  throw new NamesError(shown(where ? `${where}: ${issue.message}` : issue.message));
}

/** `pods[3] (web-1), addresses[0]`: the entry with its name, then where in it. */
function placeOf(path: readonly v.IssuePathItem[]): string {
  const [list, entry, ...inside] = path;
  const steps = (items: readonly v.IssuePathItem[]): string =>
    items.map(({ key }, at) => (typeof key === 'number' ? `[${key}]` : `${at ? '.' : ''}${String(key)}`)).join('');
  if (!list || !entry) return steps(path);
  const called = (entry.value as { name?: unknown } | null)?.name;
  const whose = typeof called === 'string' ? ` (${called})` : '';
  return `${steps([list, entry])}${whose}${inside.length > 0 ? `, ${steps(inside)}` : ''}`;
}
