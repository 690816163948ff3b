/** What must hold on real CNI daemons. Each claim gives what it saw, undefined where there was nothing, or throws why not. */
import type { JsonPath } from '../../agent/paths/json.ts';
import { addsUp, describe, shape } from './claims.ts';
import type { Network, Way } from './cni-networks.ts';
import type { Programs } from './cni-scripts.ts';
import type { Traced } from './hoplens.ts';

const isOwn = (program: string): boolean => program.includes(' hoplens_');

/** Ours first at both hooks of every device, what was there behind it in its order; and all as before when we are gone. */
export function aroundForeign(devices: string[], before: Programs, during: Programs, after: Programs): string {
  for (const hook of devices.flatMap((device) => [`${device} ingress`, `${device} egress`])) {
    const was = before.get(hook) ?? [];
    const [first, ...behind] = during.get(hook) ?? [];
    if (first === undefined || !isOwn(first)) throw new Error(`ours is not first at ${hook}: ${String(during.get(hook))}`);
    if (behind.join() !== was.join()) throw new Error(`behind ours at ${hook} runs ${behind.join()}, before it was ${was.join()}`);
    if (String(after.get(hook) ?? []) !== was.join()) throw new Error(`we left ${String(after.get(hook))} at ${hook}`);
  } // prettier-ignore
  const foreign = [...before.values()].flat().map((program) => program.split(' ')[1]);
  return `${devices.join(' ')}; behind ours ${foreign.length ? [...new Set(foreign)].join(' ') : 'nobody'}`;
}

function deviation(path: JsonPath, way: Way, tunnelBytes: number | null): string | undefined {
  if (shape(path) !== way.hops) return `hops ${shape(path)}`;
  const segments = path.segments.map((segment) => segment.name).join(' ');
  if (segments !== way.segments) return `segments ${segments}`;
  if ((path.encapsulation?.bytes ?? null) !== tunnelBytes) return `encapsulation ${path.encapsulation?.bytes}`;
  if (path.verdict !== way.verdict) return `verdict ${path.verdict}`;
  if (path.ambiguous) return 'ambiguous';
  return addsUp(path) ? undefined : 'segments that do not add up';
}

/** All of these paths go this way. */
export function allGo(paths: JsonPath[], way: Way, tunnelBytes: number | null): string | undefined {
  const wrong = paths.map((path) => ({ path, what: deviation(path, way, tunnelBytes) })).filter(({ what }) => what);
  if (wrong[0]) throw new Error(`${wrong.length} of ${paths.length} differ: ${wrong[0].what} in ${describe(wrong[0].path)}`);
  return paths[0] && `${paths.length} paths, all ${way.hops} (${way.segments}) ${way.verdict}, ${tunnelBytes ?? 'no'} bytes around; ${describe(paths[0])}`;
} // prettier-ignore

const between = (path: JsonPath, a: string, b: string): boolean =>
  (path.source.ip === a && path.destination.ip === b) || (path.source.ip === b && path.destination.ip === a);

export const pathsBetween = ({ paths }: Traced, protocol: string, a: string, b: string): JsonPath[] =>
  paths.filter((path) => path.protocol === protocol && between(path, a, b));

/**
 * A request has the service's address at the pod's device and the backend's from there on. The reply comes from the
 * backend, and has the service's address again where it is turned back before the last hop that we see.
 */
export function translated(
  { paths }: Traced,
  service: NonNullable<Network['service']>,
  backend: string,
): string | undefined {
  const requests = paths.filter((path) => path.hops[0].destination === service.address);
  const clients = new Set(requests.map((path) => path.hops[0].source));
  const replies = paths.filter((path) => path.hops[0].source === backend && clients.has(path.hops[0].destination));
  const wrong =
    requests.find((path) => path.hops.slice(1).some((hop) => hop.destination !== backend)) ??
    replies.find((path) => path.hops.at(-1)!.source !== (service.turnsBackInSight ? service.address : backend));
  if (wrong) throw new Error(`not translated where it should be: ${describe(wrong)}`);
  if (!requests[0] || !replies[0]) return undefined;
  return `${requests.length} requests, ${describe(requests[0])}\n      ${replies.length} replies, ${describe(replies[0])}`;
}

/** Nothing is lost, and all but one in a thousand of what may be joined is. */
export function isWhole({ summary }: Traced): string {
  const { sampled, joined, joinable, joinableJoined, ambiguous, lostByNetwork, lostByUs, undecided } = summary;
  const told = `sampled ${sampled}, joined ${joined}, ${joinableJoined} of ${joinable} that may be, ambiguous ${ambiguous}, vanished ${lostByNetwork.vanished}, lost by us ${lostByUs}, undecided ${undecided}`;
  const isGood = joinable > 0 && joinableJoined >= 0.999 * joinable && lostByNetwork.vanished === 0 && lostByUs === 0;
  if (!isGood) throw new Error(told);
  return told;
} // prettier-ignore
