/** Sizes of packets as cells of a series: to the byte up to where MTUs of 1,500 end, in steps above. */
import { CELLS_PER_SERIES } from '../../../agent/histogram/cells.ts';
import type { Sized } from '../../../agent/paths/encapsulation-cost.ts';
import type { Window } from './window.ts';

const EXACT = 1600;
const STEP = 144;

export const sizeBucket = (bytes: number): number =>
  bytes < EXACT ? Math.max(0, bytes) : Math.min(CELLS_PER_SERIES - 1, EXACT + Math.floor((bytes - EXACT) / STEP));

/** The middle of a bucket. */
const bytesOf = (bucket: number): number => (bucket < EXACT ? bucket : EXACT + (bucket - EXACT) * STEP + STEP / 2);

/** What stands in a series' cells. */
export function sizesOf(window: Pick<Window, 'visit'>, series: number): Sized[] {
  const sizes: Sized[] = [];
  window.visit(series, (bucket, packets) => sizes.push({ bytes: bytesOf(bucket), packets }));
  return sizes;
}

/** All packets of a series together. */
export function sumOfSizes(window: Pick<Window, 'visit'>, series: number): Sized {
  const sum: Sized = { bytes: 0, packets: 0 };
  window.visit(series, (bucket, packets) => {
    sum.bytes += bytesOf(bucket) * packets;
    sum.packets += packets;
  });
  return sum;
}
