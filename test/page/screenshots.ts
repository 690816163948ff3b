/// <reference lib="dom" />
/** `npm run screenshots`: every view of the page as people will meet it, of real traffic, into .build/screenshots. */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { nft } from '../e2e/causes/make.ts';
import { startCluster, until, type Cluster } from '../e2e/support.ts';
import type { Lab } from '../lab/index.ts';
import { labNames, writeNames } from '../lab/names.ts';
import { startTraffic, trafficCommand } from '../traffic/start.ts';
import { launch, openPage, pageUrl, part, text, there } from './browser.ts';
import { replayed } from './servers.ts';
import { visit } from './views.ts';

const folder = fileURLToPath(new URL('../../.build/screenshots/', import.meta.url));
const WIDE = 1440;
const PHONE_PX = 800;

const looks = [
  { name: 'dark', colorScheme: 'dark', width: WIDE, height: 1000 },
  { name: 'light', colorScheme: 'light', width: WIDE, height: 1000 },
  { name: '2560', colorScheme: 'light', width: 2560, height: 1300 },
  { name: '360', colorScheme: 'dark', width: 360, height: PHONE_PX },
] as const;

/** Of a fault, before it is looked at. */
const SHOW_MS = 10_000;

async function take(page: Page, name: string, width = WIDE): Promise<void> {
  // A narrow page is a long one, and only what is in the window is drawn.
  if (width === 360) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  await page.screenshot({ path: `${folder}${name}.png` });
  // Else it would stay as long for views that are shorter.
  if (width === 360) await page.setViewportSize({ width, height: PHONE_PX });
  console.log(`.build/screenshots/${name}.png`);
}

const hurts = (page: Page, what: string) => async (): Promise<boolean> => (await text(page, 'hurts')).includes(what);

const service = { name: 'api', clusterIp: '10.96.0.10', port: 80, pods: ['api'], targetPort: 8080 };

async function startAll(lab: Lab): Promise<void> {
  await startTraffic(lab, ['ping', 'http', 'bulk', 'udp', 'local'], { client: { bulk: ['--rate-mbit', '5'] } });
  lab.spawn('shop', [...trafficCommand(), 'client', 'http', '--to', service.clusterIp, '--port', '80'], {
    stdio: 'ignore',
  });
}

/** A wire that is slow and unsteady in one direction, and a rule that drops one datagram in fifty. */
async function hurt({ lab }: Cluster): Promise<void> {
  await lab.wire.set({ 'n1>n2': { delayMs: 0.5, jitterMs: 7 } });
  await nft('n2', 'ip', 'forward priority 0', `ip daddr ${lab.pod('api').ip} udp dport 5353 numgen inc mod 50 0`)(lab);
}

async function takeLive(browser: Browser): Promise<void> {
  await using cluster = await startCluster('flannel-vxlan', {
    lab: { signals: true, wire: { seed: 8 } },
    agents: { names: true },
  });
  const url = pageUrl(cluster.agents.url);
  const empty = await openPage(browser, url);
  await until(async () => (await text(empty, 'empty')).includes('No traffic yet'));
  await take(empty, 'empty');
  await empty.context().close();
  await cluster.lab.addService(service);
  writeNames(cluster.agents.namesFile, labNames(cluster.lab));
  await startAll(cluster.lab);
  const page = await openPage(browser, url);
  await until(hurts(page, 'Nothing stands out'), 120_000);
  await take(page, 'quiet');
  await hurt(cluster);
  await until(hurts(page, 'wire n1 ▸ n2 slow'), 120_000);
  await sleep(SHOW_MS);
  // All of one page, which knows what was before.
  for (const { name, colorScheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await visit(page, (view) => take(page, `${view}-${name}`, width));
  }
  await page.setViewportSize({ width: WIDE, height: 1000 });
  await cluster.agents.end('n2', 'SIGKILL');
  await there(part(page, 'notice-absent'));
  await sleep(8000);
  await take(page, 'stale');
}

async function takeReplay(browser: Browser): Promise<void> {
  await using replay = await replayed();
  const page = await openPage(browser, replay.page);
  await there(part(page, 'row'));
  await sleep(15_000);
  await take(page, 'replay');
}

mkdirSync(folder, { recursive: true });
const browser = await launch();
try {
  await takeLive(browser);
  await takeReplay(browser);
} finally {
  await browser.close();
}
