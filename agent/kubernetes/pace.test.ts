import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPace } from './pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells a burst of changes once', () => {
  const tell = vi.fn(() => 0);
  const pace = createPace(tell, { gatherMs: 200 });
  for (let at = 0; at < 10; at++) pace.changed();
  vi.advanceTimersByTime(199);
  expect(tell).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(tell).toHaveBeenCalledOnce();
});

it('lets much to tell wait for as long as it takes its part of the stream', () => {
  const tell = vi.fn(() => 10_000);
  const pace = createPace(tell, { gatherMs: 200, bytesPerSecond: 1000 });
  for (let ms = 0; ms < 60_000; ms += 100) {
    pace.changed();
    vi.advanceTimersByTime(100);
  }
  expect(tell).toHaveBeenCalledTimes(6);
});

it('tells nothing after its end', () => {
  const tell = vi.fn(() => 0);
  const pace = createPace(tell);
  pace.changed();
  pace.stop();
  vi.advanceTimersByTime(10_000);
  expect(tell).not.toHaveBeenCalled();
});
