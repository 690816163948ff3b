/** Wires that are slow one way, while clocks tell which one and after. */
import { expect, test } from 'vitest';
import type { Figures } from './figures.ts';
import { standingsOf, type Standing } from './standings.ts';
import { run, type Piece } from './synthetic.ts';
import { createWays, wayKey } from './ways.ts';

const FROM = 100;
const DELAY_NS = 4e6;

interface Seen extends Standing {
  way: string;
}

/** The wires' standings so many seconds after it began. */
function wiresAfter(seconds: number[], delayNs: (piece: Piece) => number): Seen[][] {
  const ways = createWays();
  const seen = new Map<number, Seen[]>();
  const onFigures = (figures: Figures, second: number): void => {
    ways.note(figures, second);
    if (seconds.includes(second - FROM)) seen.set(second - FROM, wiresOf(figures, standingsOf(figures, ways)));
  };
  const fault = { delayNs: (piece: Piece) => (piece.segment === 'wire' ? delayNs(piece) : 0) };
  run(FROM + Math.max(...seconds) + 1, { nodes: 2, fault, from: FROM, askedFrom: FROM - 5, onFigures });
  return seconds.map((second) => seen.get(second)!);
}

function wiresOf({ lanes }: Figures, standings: Standing[]): Seen[] {
  return standings.flatMap((standing) => {
    const lane = lanes.find(({ name, loss }) => name === standing.lane && loss === '')!;
    if (lane.segments[standing.segment] !== 'wire') return [];
    return [{ ...standing, way: wayKey(lane.hops[standing.segment].node, lane.hops[standing.segment + 1].node) }];
  });
}

const waysThat = (is: 'isSlow' | 'isShared', wires: Seen[]): string[] =>
  [...new Set(wires.filter((wire) => wire[is]).map(({ way }) => way))].sort();

/** As clocks have it: each way half of it when they have moved, over some seconds. */
const halved = ({ second }: Piece): number => Math.max(0.5, 1 - Math.max(0, second - FROM - 55) / 10);
const forth = ({ from, to }: Piece): boolean => from === 0 && to === 1;
const back = ({ from, to }: Piece): boolean => from === 1 && to === 0;

test('a delay of one way stays with it when clocks have shared it out between both', () => {
  const delay = (piece: Piece): number =>
    DELAY_NS * (forth(piece) ? halved(piece) : back(piece) ? 1 - halved(piece) : 0);
  const [young, old] = wiresAfter([30, 100], delay);
  expect([waysThat('isSlow', young), waysThat('isShared', young)]).toEqual([['n1 ▸ n2'], []]);
  expect([waysThat('isSlow', old), waysThat('isShared', old)]).toEqual([['n1 ▸ n2'], ['n2 ▸ n1']]);
  for (const { way, nowNs } of old.filter(({ isSlow }) => isSlow)) {
    expect(way).toBe('n1 ▸ n2');
    expect(Math.abs(nowNs / DELAY_NS - 1)).toBeLessThan(0.3);
  }
});

test('even where they gave all of it to the other way', () => {
  const moved = ({ second }: Piece): boolean => second > FROM + 60;
  const delay = (piece: Piece): number => ((moved(piece) ? back : forth)(piece) ? DELAY_NS : 0);
  const [old] = wiresAfter([100], delay);
  expect([waysThat('isSlow', old), waysThat('isShared', old)]).toEqual([['n1 ▸ n2'], ['n2 ▸ n1']]);
});

test('what is slow both ways from the beginning is slow both ways', () => {
  const [old] = wiresAfter([100], (piece) => (forth(piece) || back(piece) ? DELAY_NS : 0));
  expect([waysThat('isSlow', old), waysThat('isShared', old)]).toEqual([['n1 ▸ n2', 'n2 ▸ n1'], []]);
});

test('when it is over, what comes next is seen anew', () => {
  const delay = (piece: Piece): number => {
    const isFirst = piece.second < FROM + 40;
    const isSecond = piece.second > FROM + 90;
    return (isFirst && forth(piece)) || (isSecond && back(piece)) ? DELAY_NS : 0;
  };
  const [between, after] = wiresAfter([80, 130], delay);
  expect([waysThat('isSlow', between), waysThat('isShared', between)]).toEqual([[], []]);
  expect([waysThat('isSlow', after), waysThat('isShared', after)]).toEqual([['n2 ▸ n1'], []]);
});
