/** Which paths lose, repeat, copy, reorder or cut up more of their packets than before. */
import type { Cells } from '../histogram/cells.ts';
import { countAt, hopKey, stretchKey, stretchOf, type Element, type Stretch, type Tally } from './element.ts';
import { Count, countsOf, wholeOf, Whole, type Disordered, type Figures, type Lane } from './figures.ts';
import { leastShare, mostShare } from './share.ts';
import { LEAST_BAD, LEAST_BEFORE, LEAST_NOW, shareFloor, SHARE_TIMES, type Symptom } from './thresholds.ts';

type Counted = Exclude<Symptom, 'slow'>;

interface Path {
  /** Of what arrived; the one with most packets first. */
  whole: Lane[];
  lost: Lane[];
}

export function measureShares(figures: Figures): Element[] {
  const paths = pathsOf(figures);
  const judge = judgeWith(figures.nowSettled, figures.past);
  return [
    ...paths.flatMap((path) => [...losses(path), ...disorders(path), ...resent(path)]),
    ...fragments(figures.lanes),
  ].flatMap((suspect) => judge(suspect) ?? []);
}

type Suspect = Pick<Element, 'symptom' | 'lane' | 'stretch' | 'tally' | 'detail'>;

const judgeWith =
  (now: Cells, past: Cells) =>
  (suspect: Suspect): Element | undefined => {
    const [is, was] = [suspect.tally(now), suspect.tally(past)];
    if (is.of < Math.min(LEAST_NOW, LEAST_BAD) || was.of < LEAST_BEFORE) return undefined;
    const isAffected = isMore(suspect.symptom as Counted, is, was);
    if (!isAffected && is.of < LEAST_NOW) return undefined;
    return { ...suspect, isAffected, excess: isAffected ? is.bad / is.of : 0, series: 0, quantile: NaN };
  };

function isMore(symptom: Counted, is: Tally, was: Tally): boolean {
  const least = leastShare(is.bad, is.of);
  const isBeyondNoise = least > shareFloor[symptom] && least > mostShare(was.bad, was.of);
  return is.bad >= LEAST_BAD && isBeyondNoise && is.bad / is.of > (SHARE_TIMES * was.bad) / was.of;
}

function pathsOf({ lanes, nowSettled }: Figures): Path[] {
  const packets = (lane: Lane): number => countAt(nowSettled, wholeOf(lane), Whole.packets);
  const unbroken = lanes.filter(({ isFragment }) => !isFragment);
  return [...groupBy(unbroken, ({ path }) => path).values()].map((all) => ({
    whole: all.filter(({ loss }) => loss === '').sort((a, b) => packets(b) - packets(a)),
    lost: all.filter(({ loss }) => loss !== ''),
  }));
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

const packetsOf = (lanes: readonly Lane[], cells: Cells, what: number = Whole.packets): number =>
  lanes.reduce((all, lane) => all + countAt(cells, wholeOf(lane), what), 0);

const share =
  (bad: (cells: Cells) => number, { whole, lost }: Path) =>
  (cells: Cells): Tally => ({ bad: bad(cells), of: packetsOf(whole, cells) + packetsOf(lost, cells) });

/** Where something was lost, and wherever something could have been. */
function losses(path: Path): Suspect[] {
  const places = groupBy(path.lost, (lane) => `${hopKey(lane.hops.at(-1)!)} ${lane.loss}`);
  const lossy = [...places.values()].map((lanes): Suspect => {
    const stretch = stretchBehind(lanes[0], path);
    const tally = share((cells) => packetsOf(lanes, cells), path);
    return { symptom: 'loss', lane: lanes[0], stretch, tally, detail: lanes[0].loss };
  });
  const known = new Set(lossy.map(({ stretch }) => stretchKey(stretch)));
  const sound = everyStretch(path).filter((stretch) => !known.has(stretchKey(stretch)));
  const tally = share(() => 0, path);
  return [
    ...lossy,
    ...sound.map((stretch): Suspect => ({ symptom: 'loss', lane: path.whole[0], stretch, tally, detail: '' })),
  ];
}

/** The stretch in which a packet was lost: whoever of its path arrived went on from the same hop. */
function stretchBehind(lane: Lane, { whole }: Path): Stretch {
  const last = lane.hops.at(-1)!;
  for (const other of whole) {
    const at = other.hops.findIndex((hop) => hopKey(hop) === hopKey(last));
    if (at >= 0 && at < other.segments.length) return stretchOf(other, at);
  }
  return { name: '', from: last, to: undefined };
}

const everyStretch = ({ whole }: Path): Stretch[] =>
  whole.length > 0 ? whole[0].segments.map((_, segment) => stretchOf(whole[0], segment)) : [];

function disorders(path: Path): Suspect[] {
  const lanes = [...path.whole, ...path.lost];
  const places = groupBy(
    lanes.flatMap((lane) => lane.segments.map((_, segment) => ({ lane, segment, stretch: stretchOf(lane, segment) }))),
    ({ stretch }) => stretchKey(stretch),
  );
  return [...places.values()].flatMap((at) =>
    (Object.keys(Count) as Disordered[]).map((symptom): Suspect => {
      const bad = (cells: Cells): number =>
        at.reduce((all, { lane, segment }) => all + countAt(cells, countsOf(lane, segment), Count[symptom]), 0);
      return { symptom, ...at[0], tally: share(bad, path), detail: '' };
    }),
  );
}

/** Sent again by whoever sends, at the first hop: why shows elsewhere, or behind the last hop. */
function resent(path: Path): Suspect[] {
  if (path.whole.length === 0) return [];
  const [lane] = path.whole;
  const tally = share((cells) => packetsOf(path.whole, cells, Whole.resent), path);
  const stretch: Stretch = { name: '', from: lane.hops[0], to: undefined };
  return [{ symptom: 'resent', lane, stretch, tally, detail: '' }];
}

/** Fragments that begin at a hop, against all that passes it. */
function fragments(lanes: readonly Lane[]): Suspect[] {
  return lanes
    .filter(({ isFragment }) => isFragment)
    .map((lane): Suspect => {
      const [first] = lane.hops;
      const others = lanes.filter(
        (other) => !other.isFragment && other.hops.some((hop) => hopKey(hop) === hopKey(first)),
      );
      const tally = (cells: Cells): Tally => {
        const bad = packetsOf([lane], cells);
        return { bad, of: bad + packetsOf(others, cells) };
      };
      return { symptom: 'fragmented', lane, stretch: { name: '', from: first, to: undefined }, tally, detail: '' };
    });
}
