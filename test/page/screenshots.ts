/// <reference lib="dom" />
/** `npm run screenshots`: the page as people will meet it, of real traffic, into .build/screenshots. */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { startCluster, startHoplens, until } from '../e2e/support.ts';
import { startTraffic } from '../traffic/start.ts';
import { launch, openPage, pageUrl, type Opening } from './browser.ts';
import { RECORDING } from './servers.ts';

const folder = fileURLToPath(new URL('../../.build/screenshots/', import.meta.url));
/** Enough of the window to have something to look at. */
const WARM_MS = 45_000;

const looks: [name: string, opening: Opening, search?: string][] = [
  ['dark', { colorScheme: 'dark' }],
  ['light', { colorScheme: 'light' }],
  ['map', { colorScheme: 'dark' }, '?show=map'],
  ['nodes', { colorScheme: 'light' }, '?show=nodes'],
  ['360', { width: 360, height: 800 }],
  ['2560', { width: 2560, height: 1300, colorScheme: 'light' }],
];

async function take(page: Page, name: string): Promise<void> {
  // A narrow page is a long one, and only what is in the window is drawn.
  if (name === '360') {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: 360, height });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  await page.screenshot({ path: `${folder}${name}.png` });
  console.log(`.build/screenshots/${name}.png`);
}

const says = (page: Page, name: string) => async (): Promise<boolean> =>
  (await page.locator(`[data-testid=${name}]`).count()) > 0;

async function takeLive(browser: Browser): Promise<void> {
  await using cluster = await startCluster('flannel-vxlan', { lab: { signals: true }, agents: { names: true } });
  const url = pageUrl(cluster.agents.url);
  const empty = await openPage(browser, url);
  await until(async () =>
    ((await empty.locator('[data-testid=empty]').textContent()) ?? '').includes('No traffic yet'),
  );
  await take(empty, 'empty');
  await empty.context().close();
  await startTraffic(cluster.lab, ['ping', 'http', 'bulk', 'udp', 'local'], {
    client: { bulk: ['--rate-mbit', '300'] },
  });
  const pages: [string, Page][] = [];
  for (const [name, opening, search = ''] of looks) pages.push([name, await openPage(browser, url + search, opening)]);
  await sleep(WARM_MS);
  for (const [name, page] of pages) await take(page, name);
  await cluster.agents.end('n2', 'SIGKILL');
  await until(says(pages[0][1], 'notice-absent'));
  await sleep(8000);
  await take(pages[0][1], 'stale');
}

async function takeReplay(browser: Browser): Promise<void> {
  const replay = startHoplens(['replay', RECORDING, '--loop', '--listen', '127.0.0.1:0']);
  try {
    const said = await replay.says('its page at');
    const page = await openPage(browser, /page at (\S+?);/.exec(said)![1]);
    await until(says(page, 'row'));
    await sleep(15_000);
    await take(page, 'replay');
  } finally {
    replay.kill();
    await replay.ended;
  }
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  await takeLive(browser);
  await takeReplay(browser);
} finally {
  await browser.close();
}
