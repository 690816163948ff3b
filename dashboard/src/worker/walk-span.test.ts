/** The recorded demo: what is exported of a span is what the page shows of it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RECORDING } from '../../../test/fixtures/recording.ts';
import { wallMsOf } from '../../../agent/packets/store.ts';
import { isLost } from '../../../agent/trace/losses.ts';
import { parseFilter } from '../../../agent/trace/filter.ts';
import type { Span } from '../lib/span.ts';
import { framesOf } from './files.ts';
import { rowsOf } from './testing.ts';
import { createPlayer, type Player } from './player.ts';
import { framesIn, keptSource, type Source } from './source.ts';
import { timed, walkSpan, type TimedFrame } from './walk-span.ts';

const file = new Blob([readFileSync(RECORDING)]);

const opened: Source = { from: 'file', file };

async function shown(): Promise<Player> {
  const player = createPlayer();
  for await (const frame of framesOf(file, 'demo')) player.fileFrame(frame);
  player.end();
  return player;
}

const heldOf = (player: Player): Span => player.session.view(player.nowMs(0)).held;

/** Packets of the list of paths. */
function countOf(player: Player, span: Span): number {
  player.session.choose({ span, axis: span });
  const rows = rowsOf(player.session, player.nowMs(0));
  return [...rows.values()].reduce((all, { figures: { joined, lost } }) => all + joined + lost, 0);
}

/** When those began that the list of paths counts. */
async function walked(source: Source, span: Span, filter = ''): Promise<{ startsMs: number[]; paths: number }> {
  const startsMs: number[] = [];
  const exporter = {
    add(view: Parameters<typeof wallMsOf>[0]) {
      if (isLost(view) || (view.hasLast && !view.ambiguous)) startsMs.push(wallMsOf(view));
    },
    end() {},
    late: 0,
  };
  const { paths } = await walkSpan(framesIn(source, span), exporter, { span, filter: parseFilter(filter) });
  return { startsMs, paths };
}

test('of a span of a file all is exported that is shown of it, and nothing else', async () => {
  const player = await shown();
  const { from } = heldOf(player);
  const span = { from: from + 6, to: from + 12 };
  const { startsMs, paths } = await walked(opened, span);
  expect(startsMs.length).toBeGreaterThan(50);
  expect(startsMs.length).toBe(countOf(player, span));
  for (const ms of startsMs) expect([ms >= span.from * 1000, ms < span.to * 1000]).toEqual([true, true]);
  const pings = await walked(opened, span, 'icmp');
  expect(pings.paths).toBeGreaterThan(0);
  expect(pings.paths).toBeLessThan(paths);
});

test.each([1, 3])('of a span of a replay at %d times its pace too', async (speed) => {
  const player = createPlayer();
  const frames: TimedFrame[] = [];
  let beginMs: number | undefined;
  let tickedMs = 0;
  for await (const { frame, atMs } of timed(framesOf(file, 'demo'))) {
    beginMs ??= atMs;
    const nowMs = beginMs + (atMs - beginMs) / speed;
    frames.push({ frame, atMs: nowMs });
    player.frame(frame, nowMs);
    if (nowMs - tickedMs < 100) continue;
    tickedMs = nowMs;
    player.tick(nowMs);
  }
  player.session.end(tickedMs);
  for (const endMs = tickedMs + 12_000; tickedMs < endMs;) player.tick((tickedMs += 100));
  const at: Player = { ...player, nowMs: () => tickedMs };
  const { from } = heldOf(at);
  const span = { from: from + 3, to: from + 5 };
  const { startsMs } = await walked(keptSource(frames), span);
  expect(startsMs.length).toBeGreaterThan(20);
  expect(startsMs.length).toBe(countOf(at, span));
});

test('of a file that is damaged what stands before is exported, of one that is none nothing', async () => {
  const span = { from: 0, to: 4e9 };
  const all = await walked(opened, span);
  const half = await walked({ from: 'file', file: file.slice(0, file.size / 2) }, span);
  expect(half.paths).toBeGreaterThan(all.paths / 10);
  expect(half.paths).toBeLessThan(all.paths);
  await expect(walked({ from: 'file', file: new Blob(['GIF89a, and more than a header']) }, span)).rejects.toThrow(
    /no recording of hoplens/,
  );
});

test('behind a span no more is read than verdicts want', async () => {
  const held = heldOf(await shown());
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
