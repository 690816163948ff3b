/** Makes causes of loss one after the other in a lab whose agents run, and tells what was said of the packets of each. */
import type { SeenPath } from '../watch.ts';
import { monotonicNs, watch } from '../watch.ts';
import { until, type Cluster } from '../support.ts';
import type { Cause } from './cause.ts';
import { sysctl } from './make.ts';
import type { Sent } from './traffic.ts';

export interface Outcome {
  sent: Sent;
  /** Lost, as the kernel or the sender counted. */
  lost: number;
  /** Those of its packets. */
  paths: SeenPath[];
  /** ICMP errors that came back meanwhile. */
  errors: SeenPath[];
}

interface Produced {
  sent: Sent;
  lost: number;
  fromNs: number;
  toNs: number;
}

const ICMP_ERROR = 7;

/**
 * A cause that could not be made has an error instead of an outcome.
 * @param onSent all causes have been made; only verdicts are still waited for
 */
export async function produce(
  cluster: Cluster,
  causes: Cause[],
  onSent?: () => void,
): Promise<Map<Cause, Outcome | Error>> {
  // The sender is told of each packet, not of one a second.
  const unlimited = [...cluster.lab.nodes, ...cluster.lab.pods].map(({ name }) =>
    sysctl(name, 'net/ipv4/icmp_ratelimit', '0', '1000')(cluster.lab),
  );
  await Promise.all(unlimited);
  const { paths, result } = await watch(cluster, async () => {
    const produced = new Map<Cause, Produced | Error>();
    for (const cause of causes) produced.set(cause, await produceOne(cluster, cause).catch((error: Error) => error));
    onSent?.();
    return produced;
  });
  const outcomeOf = (one: Produced | Error): Outcome | Error => (one instanceof Error ? one : sort(one, paths));
  return new Map([...result].map(([cause, one]) => [cause, outcomeOf(one)]));
}

async function produceOne({ lab }: Cluster, { make, traffic }: Cause): Promise<Produced> {
  await whole(lab);
  const made = await make(lab);
  try {
    const fromNs = monotonicNs();
    const sent = await traffic(lab);
    const toNs = monotonicNs();
    const lost = (await made.dropped?.()) ?? sent.lost;
    if (lost === undefined) throw new Error('neither the kernel nor the sender counts what is lost');
    return { sent, lost, fromNs, toNs };
  } finally {
    await made.undo();
  }
}

/** Until a ping comes back: what was there before is gone, and addresses are resolved. */
async function whole(lab: Cluster['lab']): Promise<void> {
  const ping = ['ping', '-n', '-c', '1', '-W', '1', lab.pod('api').ip];
  await until(async () => (await lab.exec('web', ping, { allowFailure: true })).status === 0);
}

function sort({ sent, lost, fromNs, toNs }: Produced, paths: SeenPath[]): Outcome {
  const then = paths.filter(({ timeNs }) => timeNs >= fromNs && timeNs <= toNs);
  const isError = ({ identityKind }: SeenPath): boolean => identityKind === ICMP_ERROR;
  const isOf = ({ protocol, source, destination }: SeenPath): boolean =>
    protocol === sent.protocol && source.ip === sent.from && destination.ip === sent.to;
  return {
    sent,
    lost,
    paths: then.filter((path) => isOf(path) && !isError(path)),
    errors: then.filter((path) => isError(path) && path.destination.ip === sent.from),
  };
}
