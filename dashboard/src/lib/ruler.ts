/** Where things lie on a ruler. Pure: times in, pixels out. */
export const scales = ['linear', 'sqrt', 'equal'] as const;
export type Scale = (typeof scales)[number];

const scaleNames: Record<Scale, string> = { linear: 'linear', sqrt: '√', equal: 'equal' };
export const scaleOptions = scales.map((value) => ({ value, text: scaleNames[value], title: `scale: ${value} (s)` }));

export interface Stretch {
  from: number;
  to: number;
  /** Ends of the p50's body and the p99's whisker; `from` where unknown. */
  body: number;
  whisker: number;
}

export const moved = ({ from, to, body, whisker }: Stretch, by: number): Stretch => ({
  from: from + by,
  to: to + by,
  body: body + by,
  whisker: whisker + by,
});

export interface Laid {
  stretches: Stretch[];
  /** Pixels of a scaled nanosecond; 0 where lengths mean nothing. */
  unit: number;
}

const length = (scale: Scale, timeNs: number): number => {
  const known = Number.isNaN(timeNs) ? 0 : Math.max(0, timeNs);
  return scale === 'linear' ? known : Math.sqrt(known);
};

/** Pixels that a time takes. */
export const pixels = (laid: Laid, scale: Scale, timeNs: number): number => laid.unit * length(scale, timeNs);

/**
 * Lays segments one behind the other over `width`. Bodies and whiskers share one unit, so they compare over the whole
 * ruler; a stretch is never shorter than `shortest`, for its labels.
 */
export function layOut(
  p50Ns: ArrayLike<number>,
  p99Ns: ArrayLike<number>,
  scale: Scale,
  width: number,
  shortest: number,
): Laid {
  const count = p99Ns.length;
  if (scale === 'equal') return layEqually(p50Ns, width);
  const lengths = Array.from(p99Ns, (timeNs) => length(scale, timeNs));
  const unit = unitFor(lengths, width, shortest);
  const stretches: Stretch[] = [];
  const room = lengths.map((one) => Math.max(shortest, one * unit));
  // What is left, as when nothing is known yet, is shared.
  const spare = Math.max(0, width - room.reduce((all, one) => all + one, 0)) / Math.max(1, count);
  let from = 0;
  for (let at = 0; at < count; at++) {
    const to = from + room[at] + spare;
    stretches.push({ from, to, body: from + length(scale, p50Ns[at]) * unit, whisker: from + lengths[at] * unit });
    from = to;
  }
  return { stretches, unit };
}

function layEqually(p50Ns: ArrayLike<number>, width: number): Laid {
  const step = width / Math.max(1, p50Ns.length);
  const stretches = Array.from(p50Ns, (timeNs, at) => {
    const [from, to] = [at * step, (at + 1) * step];
    const end = Number.isNaN(timeNs) ? from : to;
    return { from, to, body: end, whisker: end };
  });
  return { stretches, unit: 0 };
}

/** The largest unit at which all stretches fit. */
function unitFor(lengths: number[], width: number, shortest: number): number {
  const longest = Math.max(0, ...lengths);
  if (longest === 0) return 0;
  const needed = (unit: number): number => lengths.reduce((all, one) => all + Math.max(shortest, one * unit), 0);
  let [low, high] = [0, width / longest];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (needed(middle) <= width) low = middle;
    else high = middle;
  }
  return low;
}

export interface Mini {
  /** SVG path data of thick bars, of those inside the tunnel, and of the wire. */
  plain: string;
  sleeved: string;
  wire: string;
}

export const MINI_WIDTH = 120;
const MINI_MIDDLE = 7;

/** Lengths before the wire's middle and behind it; without a wire half of all on each side. */
export function halves(p50Ns: ArrayLike<number>, wire: number, scale: Scale): [left: number, right: number] {
  let [total, left] = [0, 0];
  for (let at = 0; at < p50Ns.length; at++) {
    const length = miniLength(scale, p50Ns[at]);
    if (at === wire) left = total + length / 2;
    total += length;
  }
  return wire < 0 ? [total / 2, total / 2] : [left, total - left];
}

const miniLength = (scale: Scale, timeNs: number): number => (scale === 'equal' ? 1 : length(scale, timeNs));

/** The thin ruler of a row: every row's wire has its middle at the same place. */
export function layMini(
  p50Ns: ArrayLike<number>,
  segments: readonly { isWire: boolean; isSleeved: boolean }[],
  scale: Scale,
  unit: number,
): Mini {
  const wire = segments.findIndex((segment) => segment.isWire);
  let x = MINI_WIDTH / 2 - halves(p50Ns, wire, scale)[0] * unit;
  const mini = { plain: '', sleeved: '', wire: '' };
  segments.forEach((segment, at) => {
    const width = miniLength(scale, p50Ns[at]) * unit;
    const [from, to] = [Math.max(0, x), Math.min(MINI_WIDTH, x + Math.max(0.5, width - 1))];
    x += width;
    if (to <= from) return;
    const line = `M${Math.round(from)} ${MINI_MIDDLE}H${Math.max(Math.round(from) + 1, Math.round(to))}`;
    mini[segment.isWire ? 'wire' : segment.isSleeved ? 'sleeved' : 'plain'] += line;
  });
  return mini;
}

/** Pixels of a scaled nanosecond at which the longest of these bars fills `width`; bars begin at one line. */
export function barUnit(timesNs: ArrayLike<number>, scale: Scale, width: number): number {
  const longest = Math.max(0, ...Array.from(timesNs, (timeNs) => length(barScale(scale), timeNs)));
  return longest === 0 ? 0 : width / longest;
}

export const barLength = (timeNs: number, scale: Scale, unit: number): number => unit * length(barScale(scale), timeNs);

/** Bars of equal length say nothing. */
const barScale = (scale: Scale): Scale => (scale === 'equal' ? 'sqrt' : scale);
