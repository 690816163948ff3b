/** The recorded demo: what is exported of a span is what the page shows of it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { wallMsOf } from '../../../agent/packets/store.ts';
import { isLost } from '../../../agent/trace/losses.ts';
import { parseFilter } from '../../../agent/trace/filter.ts';
import type { Span } from '../lib/span.ts';
import { framesOf } from './files.ts';
import { createPlayer } from './player.ts';
import { timed, walkSpan } from './walk-span.ts';

const file = new Blob([readFileSync(fileURLToPath(new URL('../../../test/fixtures/demo.hoplens', import.meta.url)))]);

async function shown(): Promise<{ held: Span; countOf: (span: Span) => number }> {
  const player = createPlayer();
  for await (const frame of framesOf(file, 'demo')) player.fileFrame(frame);
  player.end();
  const look = (span?: Span) => {
    player.session.look(span, span);
    return player.session.view(player.nowMs(0));
  };
  const sum = (counts: Float64Array): number => counts.reduce((all, count) => all + count, 0);
  return { held: look().held, countOf: (span) => sum(look(span).rows.joined) + sum(look(span).rows.lost) };
}

/** Of what the list of paths counts, when each began. */
async function walked(span: Span, filter = ''): Promise<{ startsMs: number[]; paths: number }> {
  const startsMs: number[] = [];
  const exporter = {
    add(view: Parameters<typeof wallMsOf>[0]) {
      if (isLost(view) || (view.hasLast && !view.ambiguous)) startsMs.push(wallMsOf(view));
    },
    end() {},
    late: 0,
  };
  const frames = timed(framesOf(file, 'demo'));
  const { paths } = await walkSpan(frames, exporter, { span, filter: parseFilter(filter) });
  return { startsMs, paths };
}

test('of a span all is exported that is shown of it, and nothing else', async () => {
  const { held, countOf } = await shown();
  const span = { from: held.from + 6, to: held.from + 12 };
  const { startsMs } = await walked(span);
  expect(startsMs.length).toBeGreaterThan(50);
  expect(startsMs.length).toBe(countOf(span));
  for (const ms of startsMs) expect([ms >= span.from * 1000, ms < span.to * 1000]).toEqual([true, true]);
  const [all, pings] = [await walked(span), await walked(span, 'icmp')];
  expect(pings.paths).toBeGreaterThan(0);
  expect(pings.paths).toBeLessThan(all.paths);
});

test('behind a span no more is read than verdicts want', async () => {
  const { held } = await shown();
  let latestMs = 0;
  async function* watched() {
    for await (const each of timed(framesOf(file, 'demo'))) {
      latestMs = each.atMs;
      yield each;
    }
  }
  const exporter = { add() {}, end() {}, late: 0 };
  const span = { from: held.from, to: held.from + 2 };
  await walkSpan(watched(), exporter, { span, filter: parseFilter('') });
  expect(latestMs).toBeGreaterThan(span.to * 1000);
  expect(latestMs).toBeLessThan((span.to + 8) * 1000);
  expect(span.to + 8).toBeLessThan(held.to);
});
