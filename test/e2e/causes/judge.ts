/** What must be told of a cause. */
import { expect } from 'vitest';
import { isEmulated } from '../support.ts';
import type { SeenPath } from '../watch.ts';
import type { Cause } from './cause.ts';
import type { Outcome } from './produce.ts';
import { expected, packets, tally, told } from './told.ts';

/** @throws what could not be made, or what was told wrongly */
export function expectRight(cause: Cause, outcome: Outcome | Error): void {
  if (outcome instanceof Error) throw outcome;
  expectMade(cause, outcome);
  if (outcome.sent.protocol === 'tcp') expectPackets(cause, outcome);
  else expectEach(cause, outcome);
  if (cause.error) expectErrors(cause.error, outcome);
}

/**
 * Whether nothing false was told, and not enough of what is true: on a busy machine something is late, or agents do not keep
 * up, and say so. Where it is so again something is wrong.
 */
export function provesNothing(cause: Cause, outcome: Outcome | Error): boolean {
  try {
    expectRight(cause, outcome);
    return false;
  } catch {
    return outcome instanceof Error || !isFalse(cause, outcome);
  }
}

/** A packet was told as lost that was not, or in another way than it was; or as delivered though it was lost. */
function isFalse(cause: Cause, { sent, lost, paths, errors }: Outcome): boolean {
  const isGone = ({ verdict, ambiguous }: SeenPath): boolean => (verdict === 'dropped' || verdict === 'vanished') && !ambiguous; // prettier-ignore
  const gone = paths.filter(isGone);
  const arrived = paths.filter(({ verdict, ambiguous }) => verdict === 'delivered' && !ambiguous).length;
  return (
    gone.some((path) => told(path) !== expected(cause)) ||
    packets(gone) > lost ||
    (sent.protocol !== 'tcp' && arrived > sent.sent! - lost) ||
    errors.some((error) => error.source.ip === cause.error?.from && isGone(error))
  );
}

/** The cause did what it is meant to do. */
function expectMade({ share }: Cause, { sent: { sent: counted, lost: unanswered }, lost, paths }: Outcome): void {
  expect(lost).toBeGreaterThan(0);
  if (share === 'some') return;
  if (unanswered !== undefined) expect(unanswered).toBe(lost);
  const sent = counted ?? packets(paths);
  if (share === 'all') expect(lost).toBe(sent);
  else if ('every' in share) expect(Math.abs(lost - sent / share.every)).toBeLessThanOrEqual(1);
  else expectChance(lost, sent, share.chance);
}

/** Five standard deviations: once in two million runs by chance. */
function expectChance(lost: number, sent: number, chance: number): void {
  expect(Math.abs(lost - sent * chance)).toBeLessThan(5 * Math.sqrt(sent * chance * (1 - chance)));
}

/** Packets that are told apart: so many of them are lost as told, and all others are delivered. */
function expectEach(cause: Cause, { sent, lost, paths }: Outcome): void {
  const delivered = sent.sent! - lost;
  expect(tally(paths)).toEqual({ [expected(cause)]: lost, ...(delivered > 0 && { delivered }) });
}

/** TCP: packets sent twice within a millisecond stay ambiguous. */
function expectPackets(cause: Cause, { lost, paths }: Outcome): void {
  const line = expected(cause);
  const right = packets(paths.filter((path) => told(path) === line));
  const unclear = packets(paths.filter(({ ambiguous }) => ambiguous));
  const seen = JSON.stringify(tally(paths), null, 1);
  expect(right, seen).toBeLessThanOrEqual(lost);
  expect(right + unclear, seen).toBeGreaterThanOrEqual(lost);
  expect(paths.filter(({ verdict, ambiguous }) => verdict === 'vanished' && !ambiguous).map(told)).toEqual([]);
  const dropped = paths.filter(({ verdict }) => verdict === 'dropped').map(told);
  expect(dropped.filter((other) => other !== line)).toEqual([]);
  // In emulated time everything that is sent again may be sent within a millisecond.
  expect(right > 0 || isEmulated || cause.mayBeAmbiguous === true, seen).toBe(true);
}

/** They are packets of their own, and arrive. */
function expectErrors({ from, share }: NonNullable<Cause['error']>, { lost, errors }: Outcome): void {
  const told = errors.filter(({ source }) => source.ip === from);
  expect(new Set(told.map(({ verdict }) => verdict))).toEqual(new Set(['delivered']));
  if (share === 'all') expect(told).toHaveLength(lost);
}
