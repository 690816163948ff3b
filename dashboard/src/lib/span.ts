/** Spans of time that are looked at: whole seconds of the wall clock. Pure. */
export interface Span {
  from: number;
  /** The first second that is not in it. */
  to: number;
}

export const lengthOf = ({ from, to }: Span): number => to - from;

export const isIn = (second: number, { from, to }: Span): boolean => second >= from && second < to;

export const equalSpans = (a: Span | undefined, b: Span | undefined): boolean => a?.from === b?.from && a?.to === b?.to;

/** Seconds that both have; of length 0 where they have none. */
export function overlap(a: Span, b: Span): Span {
  const from = Math.max(a.from, b.from);
  return { from, to: Math.max(from, Math.min(a.to, b.to)) };
}

/** Moved so that it lies within `held`, or covers it where it is longer. */
export function keepWithin(span: Span, held: Span): Span {
  if (lengthOf(span) >= lengthOf(held)) return held;
  const by = Math.max(0, held.from - span.from) - Math.max(0, span.to - held.to);
  return { from: span.from + by, to: span.to + by };
}

export const shift = ({ from, to }: Span, seconds: number, held: Span): Span =>
  keepWithin({ from: from + seconds, to: to + seconds }, held);

/** Shorter or longer by a factor around its middle, at least `least` seconds. */
export function zoom(span: Span, factor: number, held: Span, least = 1): Span {
  const length = Math.max(least, Math.round(lengthOf(span) * factor));
  const middle = (span.from + span.to - length) / 2;
  const from = factor < 1 ? Math.ceil(middle) : Math.floor(middle);
  return keepWithin({ from, to: from + length }, held);
}

/** Where a time lies on an axis of so many pixels. */
export const pixelAt = (time: number, axis: Span, width: number): number =>
  ((time - axis.from) / lengthOf(axis)) * width;

export const secondAt = (pixel: number, axis: Span, width: number): number =>
  Math.max(axis.from, Math.min(axis.to - 1, axis.from + Math.floor((pixel / width) * lengthOf(axis))));

/** What a drag from one pixel to another covers: every second that it touched. */
export function brushed(fromPixel: number, toPixel: number, axis: Span, width: number): Span {
  const [first, last] = [fromPixel, toPixel].sort((a, b) => a - b).map((pixel) => secondAt(pixel, axis, width));
  return { from: first, to: last + 1 };
}

export const covers = (a: Span, b: Span): boolean => a.from <= b.from && a.to >= b.to;

/** An axis moved no further than needed to show the span. */
export function follow(axis: Span, span: Span): Span {
  if (lengthOf(axis) < lengthOf(span)) return span;
  const by = Math.min(0, span.from - axis.from) + Math.max(0, span.to - axis.to);
  return { from: axis.from + by, to: axis.to + by };
}

/** An axis of so many seconds with the span in its middle. */
export function around(span: Span, seconds: number): Span {
  const before = Math.max(0, Math.floor((seconds - lengthOf(span)) / 2));
  return { from: span.from - before, to: span.from - before + Math.max(seconds, lengthOf(span)) };
}
