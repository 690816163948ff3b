/** What hurts, as the page is told it: with rows that exist, and as it was said when one looks back. */
import { expect, test } from 'vitest';
import { FROM, pings, UNTIL } from '../../../agent/insight/pings.ts';
import { createAgent, framesOf } from '../../../agent/paths/synthetic.ts';
import { createSession, type Session } from './session.ts';
import { rowsOf } from './testing.ts';

const START_MS = 1.7e12;

/** Feeds the session; calls back after every second. */
function play(session: Session, afterSecond: (second: number, nowMs: number) => void): void {
  const slowBridge = pings((records, { from }) =>
    records.map((record, hop) => (from === 0 && hop === 7 ? { ...record, timeNs: record.timeNs + 4e6 } : record)),
  );
  const frames = framesOf([createAgent(0), createAgent(1)], slowBridge, UNTIL * 1000);
  frames.sort((a, b) => a.atMs - b.atMs);
  let second = 1;
  for (const { bytes, atMs } of frames) {
    session.frame(bytes, START_MS + atMs);
    if (atMs < second * 1000) continue;
    session.tick(START_MS + atMs);
    afterSecond(second++, START_MS + atMs);
  }
}

test('names a row that the page has, and keeps what it said of a span', () => {
  const session = createSession();
  let hurtAtMs = 0;
  play(session, (_, nowMs) => {
    const view = session.view(nowMs);
    if (hurtAtMs === 0 && view.insight && view.insight.findings.length > 0) {
      hurtAtMs = nowMs;
      session.choose({ span: view.span, axis: undefined });
    }
  });
  const { insight, isLive } = session.view(hurtAtMs);
  const [finding] = insight!.findings;
  expect(isLive).toBe(false);
  expect(finding).toMatchObject({ symptom: 'slow', place: { segment: 'bridge', nodes: ['n2'] } });
  expect(Math.abs(finding.sinceMs - START_MS - FROM * 1000)).toBeLessThanOrEqual(1000);
  expect([...rowsOf(session, hurtAtMs).keys()]).toContain(finding.lanes[0]);
  // Told within seconds, and not anew since: the span holds it.
  expect(hurtAtMs - START_MS - FROM * 1000).toBeLessThan(20_000);
});
