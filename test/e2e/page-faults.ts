/** Faults made while a page is open, and what somebody who looks for them finds on it. */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Lab } from '../lab/index.ts';
import { part, text, there, wordsOf } from '../page/browser.ts';
import { trafficCommand } from '../traffic/start.ts';
import type { Maker } from './causes/cause.ts';
import { shortTunnel } from './causes/routing.ts';
import { until } from './support.ts';

/** The list of drops has one row of this reason. */
async function dropOf(page: Page, reason: string): Promise<Locator> {
  await page.keyboard.press('d');
  const row = part(page, 'drop', reason);
  await there(row);
  expect(await row.count()).toBe(1);
  return row;
}

/** The sentence names the wire and leads to a path, on whose ruler it is the longest; matrix and map mark it. */
export async function findSlowWire(page: Page): Promise<void> {
  await until(async () => /wire n1 ▸ n2 slow since/.test(await text(page, 'hurts')), 60_000);
  await part(page, 'hurts').getByRole('button').click();
  const p50s = (): Promise<[string, number][]> =>
    part(page, 'segment').evaluateAll((segments) =>
      segments.map(({ dataset }) => [dataset['name']!, Number(dataset['p50'])]),
    );
  await until(async () => (await p50s()).some(([name, p50Ns]) => name === 'wire' && p50Ns > 10e6));
  expect((await p50s()).filter(([, p50Ns]) => p50Ns > 10e6).map(([name]) => name)).toEqual(['wire']);
  await page.goBack();
  await page.keyboard.press('n');
  const cell = part(page, 'matrix-cell', '▲');
  await there(cell);
  expect(await cell.getAttribute('data-name')).toBe('n1 n2');
  await page.keyboard.press('m');
  const link = part(page, 'map-link').filter({ has: page.locator('[data-standing=slow]') });
  await there(link);
  expect(await link.getAttribute('data-name')).toBe('wire');
  expect(await link.locator('[data-slow-to]').getAttribute('data-slow-to')).toBe('n2//eth0');
  await page.keyboard.press('r');
}

const SERVICE = '10.96.0.53';
const GONE = '10.244.2.99';

/** What kube-proxy leaves behind that does not hear of a pod's end. */
const goneBackend: Maker = async (lab) => {
  const rule = `ip daddr ${SERVICE} udp dport 53 dnat to ${GONE}:5353`;
  const input = `table ip gone {\n chain prerouting { type nat hook prerouting priority dstnat; ${rule}; }\n}\n`;
  await lab.exec('n1', ['nft', '-f', '-'], { input });
  return { undo: () => lab.exec('n1', ['nft', 'delete', 'table', 'ip', 'gone']) };
};

/** The drop is where the backend would be; a packet of it has the Service's address at first, and the backend's after n1. */
export async function findGoneBackend(page: Page, lab: Lab): Promise<void> {
  const made = await goneBackend(lab);
  const asking = lab.spawn('web', [...trafficCommand(), 'client', 'udp', '--to', SERVICE, '--port', '53'], { stdio: 'ignore' }); // prettier-ignore
  try {
    const row = await dropOf(page, 'NEIGH_FAILED');
    expect(await wordsOf(row)).toMatch(/dropped NEIGH_FAILED \S+ n2 cni0/);
    await row.getByTestId('open-lost').click();
    await there(part(page, 'translation'));
    expect(await wordsOf(part(page, 'translation'))).toBe(`destination ${SERVICE}:53 → ${GONE}:5353`);
    // The list is far below it.
    await until(async () => (await part(page, 'packet').boundingBox())!.y >= 0);
    await page.keyboard.press('Escape');
  } finally {
    asking.kill();
    await made.undo();
  }
}

/** n1's address where its pods are. */
const BRIDGE = '10.244.1.1';

/** The drop has the device's name; the path's encapsulation says that not all devices have its MTU; n1 told the pod. */
export async function findShortTunnel(page: Page, lab: Lab): Promise<void> {
  const made = await shortTunnel(lab);
  const [web, api] = [lab.pod('web').ip, lab.pod('api').ip];
  const pings = lab.spawn('web', ['ping', '-n', '-q', '-i', '0.02', '-M', 'do', '-s', '1400', api], {
    stdio: 'ignore',
  });
  try {
    const row = await dropOf(page, 'PKT_TOO_BIG');
    expect(await wordsOf(row)).toMatch(/dropped PKT_TOO_BIG ip_forward n1 cni0/);
    await until(async () => /not the 1,400 B of n1 flannel\.1: .* \d+ packets were dropped as too big/.test(await text(page, 'room'))); // prettier-ignore
    await page.keyboard.press('p');
    // Rows below the window are not drawn.
    await part(page, 'paths').scrollIntoViewIfNeeded();
    await there(part(page, 'row', 'icmp error about').and(page.locator(`[data-name$=":${BRIDGE}>${web}"]`)));
  } finally {
    pings.kill();
    await made.undo();
  }
}
