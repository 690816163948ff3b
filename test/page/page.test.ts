/// <reference lib="dom" />
/** The page in a real browser without a lab: recordings, files, hostile names, tokens, and a page that is too slow. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HEADER_BYTES } from '../../agent/wire/frame.ts';
import { readPackets } from '../../agent/export/testing.ts';
import { until } from '../e2e/support.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { launch, missingBrowser, openPage, ownProblems, part, text, there } from './browser.ts';
import { contrastOf } from './contrast.ts';
import { heardOn } from './names.ts';
import { renamePods } from './rename.ts';
import { floodedServer, replayed } from './servers.ts';

/** Whole frames, of which the first message is no JSON. */
function withTornHello(path: string): Buffer {
  const bytes = readFileSync(path);
  bytes[HEADER_BYTES] = 0;
  return bytes;
}

let browser: Browser;
const problems: string[] = [];
const onProblem = (problem: string): void => void problems.push(problem);

beforeAll(async () => {
  if (!missingBrowser) browser = await launch();
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
});
afterAll(async () => browser?.close());

/** What the page exports of what it shows. */
async function exported(page: Page, format: string): Promise<Buffer> {
  const coming = page.waitForEvent('download');
  await part(page, 'export').getByRole('button', { name: format }).dispatchEvent('click');
  return readFileSync(await (await coming).path());
}

/** By keys alone; the address has what is chosen. */
async function chooseColumns(page: Page): Promise<void> {
  const columnsOf = (row: string): Promise<number> => page.locator(`[data-testid=paths] ${row}`).first().locator('> *').count(); // prettier-ignore
  const all = await columnsOf('thead tr');
  await page.locator('[data-testid=columns] summary').focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-column=rate]').focus();
  await page.keyboard.press('Space');
  await until(() => page.url().includes('columns=protocol%2Cruler%2Cn%2Cp50%2Cp99%2Cchange%2Cbytes%2Closs'));
  expect([await columnsOf('thead tr'), await columnsOf('[data-testid=row]')]).toEqual([all - 1, all - 1]);
  await page.keyboard.press('Escape');
  expect(await part(page, 'columns').getAttribute('open')).toBeNull();
  expect(page.url()).toContain('columns=');
}

const csvRows = (csv: Buffer): number => csv.toString().trim().split('\n').length - 1;

describe.skipIf(missingBrowser !== undefined)(`the page without a lab (missing: ${missingBrowser})`, () => {
  test('of a recording says that it is one', async () => {
    await using replay = await replayed();
    const page = await openPage(browser, replay.page, { onProblem });
    await until(async () => (await text(page, 'notice-recorded')).includes('RECORDED session of 20'));
    await until(async () => (await part(page, 'row').count()) > 3);
    expect(await text(page, 'state')).toContain('RECORDED');
    await chooseColumns(page);
    await until(async () => csvRows(await exported(page, 'csv')) > 10);
  });

  test('is legible, dark and light, and says what everything is, whatever it shows', async () => {
    await using replay = await replayed();
    const page = await openPage(browser, replay.page, { onProblem });
    await until(async () => (await part(page, 'row').count()) > 3);
    const faint: string[] = [];
    const nameless: string[] = [];
    const measure = async (what: string, least: number): Promise<void> => {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        const measured = await contrastOf(page);
        expect(measured.count, what).toBeGreaterThan(least);
        faint.push(...measured.faint.map((text) => `${what}, ${colorScheme}: ${text}`));
      }
      const heard = await heardOn(page);
      expect(heard.count, what).toBeGreaterThan(least / 20);
      nameless.push(...heard.nameless.map((text) => `${what}: ${text}`));
    };
    for (const keys of ['r', 'm', 'n', 'd', 'p', 'Enter', ']', 'w', '?']) {
      await page.keyboard.press(keys);
      await measure(`after ${keys}`, 60);
    }
    expect({ faint, nameless }).toEqual({ faint: [], nameless: [] });
  });

  test('opens a file in place of the stream, refuses one that is none, and goes back', async () => {
    await using server = await floodedServer({});
    const page = await openPage(browser, server.page, { onProblem });
    const choose = async (name: string, buffer: Buffer): Promise<void> => {
      await page.keyboard.press('w');
      await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    };
    await choose('demo.hoplens', readFileSync(RECORDING));
    await until(async () => (await text(page, 'notice-recorded')).includes('demo.hoplens'));
    await until(async () => (await part(page, 'row').count()) > 3);
    await until(async () => (await text(page, 'state')).includes('ended'));
    expect(readPackets(await exported(page, 'pcapng')).length).toBeGreaterThan(1000);
    await choose('a.png', Buffer.alloc(99));
    await until(async () => (await text(page, 'file-problem')).includes('a.png is no recording of hoplens'));
    expect(await part(page, 'row').count()).toBeGreaterThan(3);
    await choose('torn.hoplens', withTornHello(RECORDING));
    await until(async () => (await text(page, 'file-problem')).includes('torn.hoplens is damaged'));
    await until(async () => (await text(page, 'state')).includes('ended'));
    await page.locator('[data-testid=notice-recorded] button').click();
    await until(
      async () => (await text(page, 'notice-recorded')) === '' && (await text(page, 'state')).includes('live'),
    );
  });

  test('shows a name that is HTML, or moves cursors, as the text that it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hoplens-page-'));
    try {
      const file = join(folder, 'hostile.hoplens');
      await renamePods(RECORDING, file, '<img src=x onerror=alert(1)>\x1b[2J');
      await using replay = await replayed(file);
      const page = await openPage(browser, replay.page, { onProblem });
      const row = page.locator('[data-name="icmp:10.244.1.2>10.244.2.2"][data-testid=row] .path');
      await there(row);
      expect(await row.textContent()).toContain('demo/<img src=x onerror=alert(1)>\\u{1b}[2J');
      await row.click();
      await until(async () => (await text(page, 'ruler')).includes('<img'));
      expect(await page.locator('img').count()).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('asks for a token where one is needed, and takes it', async () => {
    await using server = await floodedServer({ token: 'a-token-of-this-very-test' });
    const page = await openPage(browser, server.page);
    await until(async () => (await text(page, 'empty')).includes('wants a token'));
    await page.locator('input[type=password]').fill('not the token at all');
    await page.keyboard.press('Enter');
    await until(async () => (await text(page, 'empty')).includes('refused this token'));
    await page.locator('input[type=password]').fill('a-token-of-this-very-test');
    await page.keyboard.press('Enter');
    await until(
      async () =>
        (await text(page, 'node')).length + (await text(page, 'empty')).length > 0 &&
        !(await text(page, 'empty')).includes('token'),
    );
    expect(page.url()).not.toContain('token');
  });

  test('that was too slow says how many frames it missed', async () => {
    await using server = await floodedServer({ queueBytes: 64 << 10 });
    const page = await openPage(browser, server.page);
    await until(() => server.running.stats.readers === 1);
    await until(() => page.workers().length === 1);
    const busy = page.workers()[0].evaluate(() => {
      const untilMs = performance.now() + 5000;
      while (performance.now() < untilMs);
    });
    await server.flood(() => server.running.stats.framesMissed > 100);
    await busy;
    await until(() => server.running.isDrained());
    const told = async (): Promise<number> =>
      Number(/missed ([\d,]+) frames/.exec(await text(page, 'notice-missed'))?.[1].replaceAll(',', '') ?? 0);
    const { framesMissed } = server.running.stats;
    // What was sent again as a stream's latest state is not missed: at most a hello, its devices and a status.
    await until(async () => (await told()) >= framesMissed - 3 * server.streams);
    expect(await told()).toBeLessThanOrEqual(framesMissed);
  });

  test('breaks no rule of its own origin, whatever it shows', () => {
    expect(ownProblems(problems)).toEqual([]);
  });
});
