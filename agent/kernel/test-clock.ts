/**
 * A clock that is wrong on purpose, to test estimates of it on a machine whose nodes share one: `--test-clock
 * offset=50ms,drift=30ppm,slew=500ppm@10s`. Offset and drift are another crystal's, on both clocks; the slew is NTP's, on
 * CLOCK_MONOTONIC alone. All times of an agent pass through here or through what is made of them.
 */
export interface TestClock {
  /** As it was asked for: what hello, trace, metrics and page show. */
  text: string;
  offsetNs: number;
  /** Parts of one. */
  drift: number;
  slew: number;
  /** Since the stream's start. */
  slewAtNs: number;
}

const UNIT_NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
/** What chrony slews at most, and what crystals differ by at worst. */
const MOST_SLEW_PPM = 100_000;
const MOST_DRIFT_PPM = 100;
const MOST_OFFSET_NS = 24 * 3600e9;

/** @throws RangeError in a sentence */
export function parseTestClock(text: string): TestClock {
  const clock: TestClock = { text, offsetNs: 0, drift: 0, slew: 0, slewAtNs: 0 };
  for (const part of text.split(',')) {
    const [name, value = ''] = part.split('=');
    if (name === 'offset') clock.offsetNs = nanoseconds(value, -MOST_OFFSET_NS, MOST_OFFSET_NS);
    else if (name === 'drift') clock.drift = ratio(value, MOST_DRIFT_PPM);
    else if (name === 'slew') [clock.slew, clock.slewAtNs] = slewing(value);
    else throw new RangeError(`It is made of offset=TIME, drift=PPM and slew=PPM@TIME, and knows no "${name}".`);
  }
  return clock;
}

function slewing(value: string): [number, number] {
  const [rate, at = '0s'] = value.split('@');
  return [ratio(rate, MOST_SLEW_PPM), nanoseconds(at, 0, Infinity)];
}

function nanoseconds(text: string, least: number, most: number): number {
  const match = /^(-?\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)$/.exec(text);
  const value = match ? Math.round(Number(match[1]) * UNIT_NS[match[2]]) : NaN;
  if (value >= least && value <= most) return value;
  throw new RangeError(`"${text}" is no time such as 50ms or -1h, or is out of range.`);
}

function ratio(text: string, mostPpm: number): number {
  const match = /^(-?\d+(?:\.\d+)?)ppm$/.exec(text);
  const ppm = match ? Number(match[1]) : NaN;
  if (Math.abs(ppm) <= mostPpm) return ppm / 1e6;
  throw new RangeError(`"${text}" is no rate such as 30ppm, or exceeds ${mostPpm} ppm.`);
}

/** What the wrong clock's RAW and MONOTONIC show, in whole nanoseconds since its epochs, from what the right ones do. */
export interface Shift {
  raw: (ns: number) => number;
  monotonic: (ns: number) => number;
}

export const createShift = ({ drift, slew, slewAtNs }: TestClock): Shift => ({
  raw: (ns) => Math.round(ns + ns * drift),
  monotonic: (ns) => Math.round(ns + ns * drift + Math.max(0, ns - slewAtNs) * slew),
});
