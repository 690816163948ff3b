/**
 * Nothing is joined falsely. The payload carries numbers, tcpdump in both pods says which packet had which: the marked byte
 * of every joined path must be the same one at the first hop and at the last, and every datagram too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WireRules } from '../lab/index.ts';
import { startTraffic, type StartOptions } from '../traffic/start.ts';
import type { Kind } from '../traffic/options.ts';
import { startCapture, streamOffset, type Caught } from './capture.ts';
import { deliveredThoughDropped, lostBytes } from './dropped.ts';
import { expectJoined } from './joined.ts';
import { missing, startCluster, type Cluster } from './support.ts';
import { fullSpeed, load, verdictMs, watch, type Seen, type SeenPath } from './watch.ts';

const MARK = 0;
const UDP = 5;

const portOf = (endpoint: string): number => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));

/** What a capture and a record both know of a packet. */
const keyOf = (protocol: number, from: number, to: number, sequence: number, length: number): string =>
  `${protocol} ${from}>${to} ${sequence}+${length}`;

const keyOfCaught = (caught: Caught): string =>
  keyOf(caught.protocol, caught.sourcePort, caught.destinationPort, caught.sequence, caught.length);

function keyAt({ hops, records, identityKind }: SeenPath, hop: number): string {
  const { source, destination } = hops.at(hop)!;
  const { sequence, payload } = records.at(hop)!;
  return keyOf(identityKind === MARK ? 6 : 17, portOf(source), portOf(destination), sequence, payload);
}

type Capture = Map<string, Caught[]>;

function byKey(caught: Caught[]): Capture {
  const capture: Capture = new Map();
  for (const one of caught) {
    const key = keyOfCaught(one);
    capture.set(key, [...(capture.get(key) ?? []), one]);
  }
  return capture;
}

/** The number that the path's packet carried at a hop; undefined where the packet was too short to tell. */
function numberAt(path: SeenPath, hop: number, capture: Capture): string | undefined {
  const caught = capture.get(keyAt(path, hop));
  if (!caught) throw new Error(`no packet ${keyAt(path, hop)} was captured`);
  const numbers = new Set(
    caught.map(({ payload, sequence }) => {
      // The datagram's number and its client's tag; or the place of the marked byte in the stream.
      if (path.identityKind === UDP) return payload.subarray(0, 16).toString('hex');
      const offset = streamOffset(payload);
      return offset === undefined ? undefined : String(offset + ((path.records.at(hop)!.mark - sequence) >>> 0));
    }),
  );
  if (numbers.size !== 1) throw new Error(`packet ${keyAt(path, hop)} was captured with different numbers`);
  return [...numbers][0];
}

interface Comparison {
  equal: number;
  /** Joined, and not the same: there must be none. */
  different: SeenPath[];
  untold: number;
}

/** Every joined path of a kind between two pods, in both directions. */
function compare(paths: SeenPath[], kind: number, pods: Map<string, Capture>): Comparison {
  const comparison: Comparison = { equal: 0, different: [], untold: 0 };
  for (const path of paths) {
    const [from, to] = [pods.get(path.source.ip), pods.get(path.destination.ip)];
    // A path without beginning or end is not joined; an ambiguous one makes no claim.
    if (path.identityKind !== kind || path.ambiguous || !from || !to) continue;
    if (!path.source.node || !path.destination.node) continue;
    // A reply's IPv4 id is 0 on an unconnected socket: nothing but the payload tells its packets apart.
    if (kind === UDP && path.records[0].sequence === 0) continue;
    const [sent, received] = [numberAt(path, 0, from), numberAt(path, -1, to)];
    if (sent === undefined || received === undefined) comparison.untold++;
    else if (sent === received) comparison.equal++;
    else comparison.different.push(path);
  }
  return comparison;
}

interface Observed {
  seen: Seen<unknown>;
  pods: Map<string, Capture>;
}

/** Traffic from web to api with a capture on both ends. */
async function observe(cluster: Cluster, kinds: Kind[], options: StartOptions): Promise<Observed> {
  const { lab } = cluster;
  const [atWeb, atApi] = await Promise.all([startCapture(lab, 'web'), startCapture(lab, 'api')]);
  const seen = await watch(
    cluster,
    async () => {
      const results = await (await startTraffic(lab, kinds, options)).results;
      for (const { summary, errors } of results) if (!summary) throw new Error(`traffic failed: ${errors}`);
    },
    { keep: ({ kind }) => kind === MARK || kind === UDP, verdictMs },
  );
  const [web, api] = (await Promise.all([atWeb(), atApi()])).map(byKey);
  const pods = new Map<string, Capture>();
  for (const [name, capture] of [['web', web], ['api', api]] as const) {
    const { ip, ip6 } = lab.pod(name);
    pods.set(ip, capture).set(ip6, capture);
  } // prettier-ignore
  return { seen, pods };
}

describe.skipIf(missing !== undefined)(
  `joined is what belongs together (needs root and a lab; missing: ${missing})`,
  () => {
    describe('on a sound network', () => {
      let cluster: Cluster;
      beforeAll(async () => {
        // Cut into segments at the sender's edge, merged at the receiver's: no packet stays what it was.
        cluster = await startCluster('flannel-vxlan', { lab: { offloads: { tso: false, gso: false, gro: true } } });
      });
      afterAll(() => cluster.stop());

      test('TCP at full speed, 8 flows, IPv4 and IPv6', async () => {
        const client = { bulk: ['--connections', '8', ...fullSpeed] };
        const { seen, pods } = await observe(cluster, ['bulk'], { forMs: 2500, six: true, client });
        const comparison = compare(seen.paths, MARK, pods);
        expect(comparison.different).toEqual([]);
        expect(comparison.equal).toBeGreaterThan(load(300));
        expect(comparison.untold).toBeLessThan(comparison.equal / 20);
      });

      test('UDP datagrams', async () => {
        const client = { udp: ['--rate', String(load(1500))] };
        const { seen, pods } = await observe(cluster, ['udp'], { forMs: 2000, client });
        const comparison = compare(seen.paths, UDP, pods);
        expect(comparison.different).toEqual([]);
        expect(comparison.equal).toBeGreaterThan(load(500));
        expect(comparison.untold).toBe(0);
      });
    });

    describe('on a wire that loses, duplicates and reorders', () => {
      const damage: WireRules = { match: { tunnel: true }, loss: 0.03, duplicate: 0.01, reorder: 0.01, jitterMs: 0.2 };
      let cluster: Cluster;
      beforeAll(async () => {
        cluster = await startCluster('flannel-vxlan', {
          lab: { wire: { settings: { '*': damage }, seed: 11 } },
          agents: { args: ['--budget', '500000'] },
        });
      });
      afterAll(() => cluster.stop());

      test('TCP with retransmissions and UDP, 6 flows', async () => {
        const client = {
          bulk: ['--connections', '5', '--rate-mbit', String(load(40))],
          udp: ['--rate', String(load(500))],
        };
        const { seen, pods } = await observe(cluster, ['bulk', 'udp'], { forMs: 3000, client });
        const [tcp, udp] = [compare(seen.paths, MARK, pods), compare(seen.paths, UDP, pods)];
        expect([...tcp.different, ...udp.different]).toEqual([]);
        expect(tcp.equal).toBeGreaterThan(load(300));
        expect(udp.equal).toBeGreaterThan(load(300));
        const log = await cluster.lab.wire.log();
        const did = (action: string): number => log.filter((event) => event.action === action).length;
        for (const action of ['drop', 'duplicate', 'reorder']) expect(did(action), action).toBeGreaterThan(load(20));
        // What was dropped is not what arrived, though it was sent again within the same millisecond.
        expect(lostBytes(seen.paths, log).filter(({ isCertain }) => isCertain).length).toBeGreaterThan(load(5));
        expect(deliveredThoughDropped(seen.paths, log)).toEqual([]);
        expect(seen.summary.ambiguous).toBeGreaterThan(0);
        expect(seen.summary.lostByNetwork.vanished).toBeGreaterThan(0);
        expectJoined(seen.summary, load(1000));
      });
    });
  },
);
