/** What is kept of many packets, against the whole truth; and packets of two nodes, read again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler } from '../paths/assemble.ts';
import { toJson, type JsonPath } from '../paths/json.ts';
import { createAgent, framesOf, podAddress, podFlow, podToPod, type Written } from '../paths/synthetic.ts';
import { MAX_HOPS, type PathView } from '../paths/view.ts';
import { Kind } from '../paths/words.ts';
import { NONE } from './arena.ts';
import { awaitReply } from './awaiting.ts';
import { createExemplars, MAX_LOST, type Exemplars } from './exemplars.ts';
import { parsePacketName, type Exchange } from './packet.ts';
import { commonOf, readExchange, readPacket } from './read.ts';
import { octaveOf } from './regions.ts';
import type { Store } from './store.ts';

const SERVICE = '10.96.0.10';
const START_NS = 1e9;
const TURNAROUND_NS = 30_000;

/** A request through a Service and its answer, hops a microsecond apart and more at the wire. */
function exchange(number: number, atNs: number): Written[] {
  const request = podFlow(0, 0, 1, 0, 6);
  const answer = { ...podFlow(1, 0, 0, 0, 6), sourcePort: 80, destinationPort: 40_000 };
  const offset = (at: number): number => at * 1000 + (at > 3 ? 50_000 : 0);
  const backNs = atNs + offset(7) + TURNAROUND_NS;
  const common = { kind: Kind.syn, level: 0, payload: 0 };
  return [
    ...podToPod(0, 0, 1, 0).map((hop, at): Written => ({
      ...hop, ...common, timeNs: atNs + offset(at), identity: [number, 1], bytes: hop.encapsulation ? 148 : 98,
      flow: at < 2 ? { ...request, destination: SERVICE } : request,
    })),
    ...podToPod(1, 0, 0, 0).map((hop, at): Written => ({
      ...hop, ...common, timeNs: backNs + offset(at), identity: [number, 2], bytes: hop.encapsulation ? 148 : 98,
      flow: at < 6 ? answer : { ...answer, source: SERVICE },
    })),
  ]; // prettier-ignore
}

/** Plays them, and tells every path. */
function play(records: Written[], tell: (view: PathView) => void): void {
  const assembler = createAssembler(tell);
  const agents = [createAgent(0), createAgent(1)];
  for (const frame of framesOf(agents, records, 9000).sort((a, b) => a.atMs - b.atMs)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(9000);
}

/** Of eight hops; to be told as another one, a copy with what differs is. */
const [delivered, lost] = [8, 4].map((hops) => {
  let told!: PathView;
  play(exchange(1, START_NS).slice(0, hops), (view) => (told = view));
  return told;
});

const packet = fc.record({
  row: fc.nat(3),
  afterSeconds: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 3),
  totalNs: fc.oneof(fc.integer({ min: 1, max: 1 << 22 }), fc.constant(NaN)),
  isLost: fc.boolean(),
});

interface Told {
  row: number;
  second: number;
  totalNs: number;
  isLost: boolean;
}

const inTime = (given: { row: number; afterSeconds: number; totalNs: number; isLost: boolean }[]): Told[] => {
  let second = 1000;
  return given.map(({ row, afterSeconds, totalNs, isLost }) => {
    second += afterSeconds;
    // Lost ones have rows of their own.
    return { row: row + (isLost ? 10 : 0), second, totalNs, isLost };
  });
};

function tell(exemplars: Exemplars, { row, second, totalNs, isLost }: Told, number: number): void {
  exemplars.turn(second);
  exemplars.see({ ...(isLost ? lost : delivered), totalNs, identityLow: number }, row, second, false);
}

const slowness = (totalNs: number): number => (Number.isNaN(totalNs) ? -Infinity : totalNs);

/** Identities that are held of a row and second. */
const heldIn = (exemplars: Exemplars, row: number, second: number): number[] =>
  exemplars.pick(row, second, second).map((one) => exemplars.store.packets.identityLow[one]);

function slowestOfEachOctave(truth: { totalNs: number; number: number }[]): number[] {
  const slowest = new Map<number, { totalNs: number; number: number }>();
  for (const one of truth) {
    const other = slowest.get(octaveOf(one.totalNs));
    if (!other || slowness(one.totalNs) > slowness(other.totalNs)) slowest.set(octaveOf(one.totalNs), one);
  }
  return [...slowest.values()].map(({ number }) => number);
}

const MAX_BYTES = 500_000;

describe('what is kept', () => {
  it('is bounded, and has the slowest of each octave of each second that is held', () => {
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1, maxLength: 400 }), (given) => {
        const exemplars = createExemplars({ keptSeconds: 60, maxBytes: MAX_BYTES });
        const told = inTime(given);
        told.forEach((one, number) => {
          tell(exemplars, one, number);
          expect(exemplars.bytes()).toBeLessThanOrEqual(MAX_BYTES);
        });
        const now = told.at(-1)!.second;
        for (const row of new Set(told.map((one) => one.row))) {
          const mine = told
            .map((one, number) => ({ ...one, number }))
            .filter((one) => one.row === row && one.second > now - 60);
          for (const second of new Set(mine.map((one) => one.second))) {
            const truth = mine.filter((one) => one.second === second);
            const held = heldIn(exemplars, row, second);
            if (row >= 10) expect(held.length).toBe(Math.min(truth.length, MAX_LOST));
            else expect(held.toSorted()).toEqual(slowestOfEachOctave(truth).toSorted());
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('when it is full', () => {
  /** One row with many packets in each second, one with a single one. */
  function fill(seconds: number): Exemplars {
    const exemplars = createExemplars({ keptSeconds: 300, maxBytes: 200_000 });
    for (let second = 1; second <= seconds; second++) {
      for (let octave = 0; octave < 12; octave++)
        tell(exemplars, { row: 1, second, totalNs: 2 ** octave * 1.5, isLost: false }, second);
      tell(exemplars, { row: 2, second, totalNs: 100, isLost: false }, second);
    }
    return exemplars;
  }

  it('the row that has most gives way, the other keeps all', () => {
    const exemplars = fill(40);
    expect(exemplars.bytes()).toBeLessThanOrEqual(200_000);
    expect(exemplars.pick(2, 1, 40)).toHaveLength(40);
    expect(exemplars.pick(1, 1, 40).length).toBeLessThan(12 * 40);
  });

  it('a second that is held has its slowest packet, and none is missing behind the oldest', () => {
    const exemplars = fill(200);
    const held = Array.from({ length: 200 }, (_, at) => exemplars.pick(1, at + 1, at + 1));
    const first = held.findIndex((some) => some.length > 0);
    expect(first).toBeGreaterThan(0);
    for (const some of held.slice(first)) expect(exemplars.store.packets.totalNs[some[0]]).toBe(2 ** 11 * 1.5);
  });
});

describe('where there are more rows than packets', () => {
  const CROWD = 1000;

  /** One packet of each row, one row after the other, and again. */
  function fill(favourite: number | undefined): Exemplars {
    const exemplars = createExemplars({ keptSeconds: 300, maxBytes: 200_000 });
    exemplars.favour(favourite);
    for (let number = 0; number < 2 * CROWD; number++) {
      const second = 1 + Math.floor(number / 100);
      tell(exemplars, { row: number % CROWD, second, totalNs: 100, isLost: false }, number);
    }
    return exemplars;
  }

  const held = (exemplars: Exemplars, row: number): number => exemplars.pick(row, 0, Infinity).length;

  it('the latest are held, in no more room', () => {
    const exemplars = fill(undefined);
    expect(exemplars.bytes()).toBeLessThanOrEqual(200_000);
    const rows = Array.from({ length: CROWD }, (_, row) => held(exemplars, row));
    const first = rows.indexOf(1);
    expect(first).toBeGreaterThan(0);
    expect(rows.slice(0, first).every((count) => count === 0)).toBe(true);
    expect(rows.slice(first).every((count) => count === 1)).toBe(true);
  });

  it('the row that is looked at keeps its own', () => {
    expect([undefined, 7].map((favourite) => held(fill(favourite), 7))).toEqual([0, 2]);
  });
});

describe('a path of many hops', () => {
  /** The same packet on a way of so many hops. */
  const along = (hopCount: number, identityLow: number): PathView => ({
    ...delivered, hopCount, identityLow,
    frames: Array.from({ length: hopCount }, (_, hop) => delivered.frames[hop % 8]),
    rows: Uint32Array.from({ length: hopCount }, (_, hop) => delivered.rows[hop % 8]),
  }); // prettier-ignore

  function hopsOf({ packets, hops }: Store, packet: number): number {
    let count = 0;
    for (let hop = packets.firstHop[packet]; hop !== NONE && count <= MAX_HOPS; hop = hops.next[hop]) count++;
    return count;
  }

  it('takes the room that it needs, and what else is held stays whole', () => {
    const ways = fc.array(fc.integer({ min: 1, max: MAX_HOPS }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(ways, (hopCounts) => {
        const exemplars = createExemplars({ keptSeconds: 4, maxBytes: 25_000 });
        exemplars.turn(1);
        hopCounts.forEach((hopCount, row) => {
          exemplars.see(along(hopCount, row), row, 1, false);
          expect(heldIn(exemplars, row, 1)).toEqual([row]);
        });
        for (const [row, hopCount] of hopCounts.entries()) {
          for (const one of exemplars.pick(row, 1, 1)) expect(hopsOf(exemplars.store, one)).toBe(hopCount);
        }
      }),
    );
  });
});

it('of a row that was lost the latest come first, however far they came', () => {
  const exemplars = createExemplars({ keptSeconds: 60, maxBytes: 200_000 });
  play(Array.from({ length: 20 }, (_, at) => exchange(at, START_NS + at * 1e8).slice(0, 4)).flat(), (view) => {
    exemplars.turn(1 + Math.floor(view.identityLow / 10));
    const totalNs = 1000 - view.identityLow;
    exemplars.see({ ...view, totalNs }, 1, 1 + Math.floor(view.identityLow / 10), false);
  });
  const latestFirst = [17, 16, 15, 14, 13, 12, 11, 10, 7, 6, 5, 4, 3, 2, 1, 0];
  expect(exemplars.pick(1, 1, 2).map((one) => exemplars.store.packets.identityLow[one])).toEqual(latestFirst);
});

it('forgets what is too old, and rows, and uses their room again', () => {
  const exemplars = createExemplars({ keptSeconds: 10, maxBytes: 200_000 });
  for (let second = 1; second < 5000; second++) {
    tell(exemplars, { row: 1, second, totalNs: second, isLost: false }, second);
    tell(exemplars, { row: 2, second, totalNs: NaN, isLost: true }, second);
  }
  expect(exemplars.pick(1, 0, 5000)).toHaveLength(10);
  exemplars.forget(1);
  expect(exemplars.pick(1, 0, 5000)).toEqual([]);
  expect(exemplars.store.used).toBe(10);
  exemplars.turn(6000);
  expect(exemplars.store.used).toBe(0);
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
    expect(
      request.hops.map(({ node, device, timeNs, bytes, source, destination }) => ({
        node,
        device,
        timeNs,
        bytes,
        source,
        destination,
      })),
    ).toEqual(
      path.hops.map(({ node, device, timeNs, bytes, source, destination }) => ({
        node,
        device,
        timeNs,
        bytes,
        source,
        destination,
      })),
    );
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
