/** Packets of two nodes, kept and read again. */
import { describe, expect, it } from 'vitest';
import { toJson, type JsonPath } from '../paths/json.ts';
import { podAddress } from '../paths/synthetic.ts';
import { NONE } from './arena.ts';
import { awaitReply } from './awaiting.ts';
import { createExemplars } from './exemplars.ts';
import { parsePacketName, type Exchange } from './packet.ts';
import { commonOf, readExchange, readPacket } from './read.ts';
import { exchange, lost, play, SERVICE, START_NS, TURNAROUND_NS } from './testing.ts';

type Passed = Pick<JsonPath['hops'][number], 'node' | 'device' | 'timeNs' | 'bytes' | 'source' | 'destination'>;

const passedOf = ({ node, device, timeNs, bytes, source, destination }: Passed): Passed => ({
  node,
  device,
  timeNs,
  bytes,
  source,
  destination,
});

describe('a packet of two nodes', () => {
  const paths: JsonPath[] = [];
  const exchanges: Exchange[] = [];
  const exemplars = createExemplars({ keptSeconds: 60, maxBytes: 1e6 });
  exemplars.turn(1);
  const rows = new Map<number, ReturnType<typeof commonOf>>();
  const records = Array.from({ length: 20 }, (_, at) => exchange(at, START_NS + at * 1e6)).flat();
  play(records, (view) => {
    paths.push(toJson(view));
    rows.set(view.identityHigh, commonOf(view));
    exemplars.see(view, view.identityHigh, 1, view.identityHigh === 1);
    const { packet } = awaitReply(view).read();
    expect([packet.identity, packet.totalNs]).toEqual([paths.at(-1)!.identity, paths.at(-1)!.totalNs]);
  });
  for (const one of exemplars.pick(1, 1, 1))
    exchanges.push(readExchange(exemplars.store, one, (row) => rows.get(row))!);
  const [{ packet: request, reply, turnaroundNs, roundTripNs }] = exchanges;

  it('is read as it was told', () => {
    const path = paths.find(({ identity }) => identity === request.identity)!;
    expect(request.segments.map(({ name, durationNs, boundNs }) => ({ name, durationNs, boundNs }))).toEqual(
      path.segments.map(({ name, durationNs, boundNs }) => ({ name, durationNs, boundNs })),
    );
    expect(request.hops.map(passedOf)).toEqual(path.hops.map(passedOf));
    expect(request.segments.reduce((all, { durationNs }) => all + durationNs, 0)).toBe(request.totalNs);
    expect([request.tunnel, request.hops.map(({ addedBytes }) => addedBytes)]).toEqual([
      'vxlan',
      [0, 0, 0, 50, 50, 0, 0, 0],
    ]);
  });

  it('shows both addresses where a Service was translated', () => {
    expect(request.hops.map(({ destination }) => destination).slice(1, 3)).toEqual([
      `${SERVICE}:80`,
      `${podAddress(1, 0)}:80`,
    ]);
  });

  it('has the answer beside it, with the exact times that one clock saw', () => {
    expect(reply!.identity.slice(8)).toBe(request.identity.slice(8));
    expect(turnaroundNs).toBe(TURNAROUND_NS);
    expect(roundTripNs).toBe(2 * 57_000 + TURNAROUND_NS);
  });

  it('is found by its name', () => {
    const id = parsePacketName(request.name)!;
    const found = exemplars.find(1, id);
    expect(readPacket(exemplars.store, found, rows.get(1)!).name).toBe(request.name);
    expect(exemplars.find(1, { ...id, low: 99 })).toBe(NONE);
    expect(exemplars.find(2, id)).toBe(NONE);
    expect(parsePacketName('nothing@all')).toBeUndefined();
  });

  it('that was lost says where, and waits for no answer', () => {
    const common = commonOf(lost);
    const packet = readPacket(exemplars.store, exemplars.store.add(lost), common);
    expect([packet.loss, packet.verdict, packet.hops.length]).toEqual(['vanished behind n1 eth0', 'vanished', 4]);
  });
});
