import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrange, nothing, roomFor, type Arrangement, type Present } from './arrange.ts';
import type { Level } from './view.ts';

/** A pod is `namespace/workload-number`. */
const keyAt = (pod: string, level: Level): string =>
  ({ pod, workload: pod.replace(/-\d+$/, ''), namespace: pod.replace(/\/.*/, ''), node: 'all' })[level];

const present = (node: string, pods: readonly string[], devices: string[][] = [['cni0'], [], [], ['eth0']]): Present => ({
  node, devices, groups: (level) => new Set(pods.map((pod) => keyAt(pod, level))),
}); // prettier-ignore

const settled = { finest: 'pod', scope: '', isNarrowed: false, isSettled: true } as const;

const pods = (count: number, workloads: number): string[] =>
  Array.from({ length: count }, (_, pod) => `shop/w${pod % workloads}-${pod}`);

/** Who stands where, of those that are there. */
function places({ frames, rows, columns }: Arrangement, now: readonly Present[]): Map<string, string> {
  const all = new Map<string, string>();
  frames.forEach(({ node, level, slots, devices }, at) => {
    const above = rows.slice(0, Math.floor(at / columns)).reduce((lines, row) => lines + row.lines, 0);
    const here = now.find((one) => one.node === node);
    all.set(node, `${at} ${columns} ${above} ${rows[Math.floor(at / columns)].middle}`);
    slots[level]?.forEach((key, slot) => here?.groups(level).has(key) && all.set(`${node} ${level} ${key}`, `${slot}`));
    devices.forEach((names, column) =>
      names.forEach((name, place) => all.set(`${node} ${name}`, `${column} ${place}`)),
    );
  });
  return all;
}

const world = fc.array(
  fc.record({
    node: fc.constantFrom('n1', 'n2', 'n3', 'n10', ''),
    pods: fc.uniqueArray(
      fc
        .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(5), fc.nat(30))
        .map(([namespace, workload, pod]) => `${namespace}/w${workload}-${pod}`),
      { maxLength: 25 },
    ),
    devices: fc.uniqueArray(fc.constantFrom('eth0', 'eth1', 'cni0'), { maxLength: 3 }),
  }),
  { maxLength: 5 },
);
const worlds = fc.array(
  world.map((nodes) => [
    ...new Map(nodes.map((one) => [one.node, present(one.node, one.pods, [[], [], [], one.devices])])).values(),
  ]),
  { minLength: 1, maxLength: 12 },
);

describe('places on the map', () => {
  test('once given stay, whatever comes and goes', () => {
    fc.assert(
      fc.property(worlds, (steps) => {
        let arrangement = nothing;
        let before = new Map<string, string>();
        for (const now of steps) {
          arrangement = arrange(arrangement, { ...settled, present: now });
          const after = places(arrangement, now);
          for (const [what, place] of before) {
            if (after.has(what)) expect([what, after.get(what)]).toEqual([what, place]);
          }
          before = new Map([...before, ...after]);
          // Who lost the line to another is placed anew when it is back.
          for (const what of before.keys()) if (what.includes('/') && !after.has(what)) before.delete(what);
        }
      }),
    );
  });

  test('are for all that is there, one for each, within the frame', () => {
    fc.assert(
      fc.property(worlds, (steps) => {
        let arrangement = nothing;
        for (const now of steps) {
          arrangement = arrange(arrangement, { ...settled, present: now });
          arrangement.frames.forEach(({ node, level, slots }, at) => {
            const keys = now.find((one) => one.node === node)?.groups(level) ?? new Set();
            const given = (slots[level] ?? []).filter((key) => keys.has(key));
            expect(new Set(given)).toEqual(keys);
            expect(given).toHaveLength(keys.size);
            const { lines } = arrangement.rows[Math.floor(at / arrangement.columns)];
            for (const key of given) expect(slots[level]!.indexOf(key)).toBeLessThan(lines);
          });
        }
      }),
    );
  });

  test('depend on nothing but what is there', () => {
    fc.assert(
      fc.property(worlds, ([first]) => {
        const look = (nodes: readonly Present[]): Arrangement => arrange(nothing, { ...settled, present: nodes });
        expect(look(first.toReversed())).toEqual(look(first));
      }),
    );
  });
});

test('devices come and go without end in places that do not', () => {
  let arrangement = nothing;
  for (let at = 0; at < 1000; at++) {
    const devices = [['cni0'], [`veth${at}`, `veth${at + 1}`], [], []];
    arrangement = arrange(arrangement, { ...settled, present: [present('n1', [], devices)] });
    const [[bridges, pods]] = arrangement.frames.map((frame) => frame.devices);
    expect(bridges).toEqual(['cni0']);
    expect(pods).toEqual(expect.arrayContaining(devices[1]));
    expect(pods.length).toBeLessThanOrEqual(64);
    expect(new Set(pods).size).toBe(pods.length);
  }
});

describe('what does not fit', () => {
  test('is shown coarser, as fine as it can be', () => {
    const level = (of: string[], finest: Level = 'pod'): Level =>
      arrange(nothing, { ...settled, finest, present: [present('n1', of)] }).frames[0].level;
    expect(roomFor(1)).toBe(10);
    expect(level(pods(10, 10))).toBe('pod');
    expect(level(pods(400, 8))).toBe('workload');
    expect(level(pods(400, 80))).toBe('namespace');
    expect(level(Array.from({ length: 400 }, (_, pod) => `ns${pod}/w-1`))).toBe('node');
    expect(level(pods(3, 3), 'namespace')).toBe('namespace');
  });

  test('stays coarse until something else is asked for, and comes back to its places', () => {
    const few = present('n1', pods(3, 3));
    const many = present('n1', pods(20, 4));
    const first = arrange(nothing, { ...settled, present: [many] });
    expect(arrange(first, { ...settled, present: [few] }).frames[0].level).toBe('workload');
    const filtered = arrange(first, { ...settled, scope: 'pod:w1', isNarrowed: true, present: [few] });
    expect(filtered.frames[0].level).toBe('pod');
    const back = arrange(filtered, { ...settled, present: [many] });
    expect(back.frames[0].slots.workload).toEqual(first.frames[0].slots.workload);
    expect(back.rows).toEqual(first.rows);
  });

  test('leaves room for fifty nodes of four hundred pods', () => {
    const nodes = Array.from({ length: 50 }, (_, node) => present(`n${node + 1}`, pods(400, 100)));
    const { frames, rows, columns } = arrange(nothing, { ...settled, present: nodes });
    expect(frames.map(({ node }) => node)).toEqual(nodes.map(({ node }) => node));
    expect(frames.every(({ level }) => level === 'node' || level === 'namespace')).toBe(true);
    expect([rows.length, columns]).toEqual([25, 2]);
    expect(rows.every(({ lines }) => lines === 1)).toBe(true);
    // A pair of them has room again.
    const two = nodes.map((one, at) => (at < 2 ? present(one.node, pods(2, 2)) : present(one.node, [])));
    const pair = arrange({ ...nothing }, { ...settled, present: two, scope: 'node:n1 node:n2', isNarrowed: true });
    expect(pair.frames.slice(0, 2).map(({ level }) => level)).toEqual(['pod', 'pod']);
    expect(pair.rows.map(({ lines }) => lines)).toEqual([4, ...Array<number>(24).fill(1)]);
  });
});

test('nodes are in the order of their names, those that join later behind', () => {
  const order = ({ frames }: Arrangement): string[] => frames.map(({ node }) => node);
  const three = ['n10', 'n2', ''].map((node) => present(node, []));
  const first = arrange(nothing, { ...settled, isSettled: false, present: three });
  expect(order(first)).toEqual(['n2', 'n10', '']);
  const more = arrange(first, { ...settled, present: [...three, present('n1', [])] });
  expect(order(more)).toEqual(['n1', 'n2', 'n10', '']);
  expect(order(arrange(more, { ...settled, present: [present('n0', [])] }))).toEqual(['n1', 'n2', 'n10', '', 'n0']);
});
