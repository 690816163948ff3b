import { describe, expect, it } from 'vitest';
import { checkClocksource, checkProbe, checkSynchronised, checkTimestamps } from './clock-checks.ts';

describe('clocks', () => {
  it.each([
    ['tsc', 'ok'],
    ['kvm-clock', 'ok'],
    ['hpet', 'warning'],
    ['', 'warning'],
  ])('kept by %j: %s', (name, state) => expect(checkClocksource(name).state).toBe(state));

  it.each([
    { what: 'kept', timex: { state: 0, maxErrorUs: 1500, frequencyPpm: -12.34567 }, state: 'ok', says: 'at most 2 ms wrong (frequency -12.3 ppm)' },
    { what: 'kept by nobody', timex: { state: 5, maxErrorUs: 16e6, frequencyPpm: 0 }, state: 'warning', says: 'nobody keeps CLOCK_REALTIME in step' },
    { what: 'not to be asked', timex: { state: -1, maxErrorUs: 0, frequencyPpm: 0 }, state: 'warning', says: 'may not be asked' },
  ])('$what', ({ timex, state, says }) => {
    expect(checkSynchronised(timex)).toMatchObject({ state, found: expect.stringContaining(says) as string });
  }); // prettier-ignore
});

it.each([
  ['1', 'ok'],
  ['2', 'ok'],
  ['0', 'warning'],
  ['', 'warning'],
])('TCP timestamps %j: %s', (value, state) => expect(checkTimestamps(value).state).toBe(state));

it.each([
  ['0', 'ok'],
  ['1', 'warning'],
  ['', 'warning'],
])('the probe, with ip_no_pmtu_disc %j: %s', (value, state) => expect(checkProbe(value).state).toBe(state));
