/// <reference lib="dom" />
/** The page in a real browser: what it draws is what `trace --json` says of the same seconds, whatever happens meanwhile. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPackets } from '../../agent/export/testing.ts';
import type { JsonPath } from '../../agent/paths/json.ts';
import { startTraffic, type Traffic } from '../traffic/start.ts';
import { brush } from '../page/brush.ts';
import { launch, missingBrowser, openPage, ownProblems, pageUrl, part, text, there, wordsOf } from '../page/browser.ts';
import { nft } from './causes/make.ts';
import { findGoneBackend, findShortTunnel, findSlowWire } from './page-faults.ts';
import { missing, startCluster, trace, until, type Cluster } from './support.ts';

const why = missing ?? missingBrowser;

interface Drawn {
  hops: string[];
  segments: { name: string; p50Ns: number }[];
  tunnel: string;
}

/** What stands on the ruler. */
const drawn = (page: Page): Promise<Drawn> =>
  page.evaluate(() => {
    const all = (name: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid=${name}]`)];
    return {
      hops: all('hop').map(({ dataset }) => `${dataset['node']} ${dataset['device']} ${dataset['direction']}`),
      segments: all('segment').map(({ dataset }) => ({ name: dataset['name']!, p50Ns: Number(dataset['p50']) })),
      tunnel: all('tunnel-bytes')[0]?.textContent ?? '',
    };
  });

interface Fallen {
  total: number;
  hops: { device: string; bytes: number; durationNs: number; isReply: boolean }[];
}

/** What stands on the waterfall of one packet; its first hop took nothing. */
const waterfall = (page: Page): Promise<Fallen> =>
  page.evaluate(() => ({
    total: Number(document.querySelector<HTMLElement>('[data-testid=waterfall]')!.dataset['total']),
    hops: [...document.querySelectorAll<HTMLElement>('[data-testid=packet-hop]')].map(({ dataset }) => ({
      device: dataset['device']!,
      bytes: Number(dataset['bytes']),
      durationNs: Number(dataset['ns'] ?? 0),
      isReply: dataset['reply'] === 'true',
    })),
  }));

/** Packets of the path in focus, in the window; 0 while another one is. */
const countOf = (page: Page, name: string): Promise<number> =>
  page.evaluate((wanted) => {
    const path = document.querySelector<HTMLElement>('[data-testid=path]');
    const count = path?.dataset['name'] === wanted ? path.querySelector('[data-testid=count]') : null;
    return Number(count?.textContent?.replaceAll(',', '') ?? 0);
  }, name);

/** Names of the map's devices, from left to right. */
const onMap = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<SVGElement>('[data-testid=map-device]')]
      .map((device) => ({ name: device.dataset['name']!, x: device.getBoundingClientRect().x }))
      .sort((a, b) => a.x - b.x)
      .map(({ name }) => name),
  );

interface Gap {
  /** Times in which a node was away. */
  shades: number;
  /** Seconds without a time, between seconds with one. */
  seconds: number;
}

const gapOf = async (page: Page): Promise<Gap> => {
  const { shades, gaps } = await page
    .locator('[data-testid=time]')
    .evaluate((panel) => ({ ...(panel as HTMLElement).dataset }));
  return { shades: Number(shades), seconds: Number(gaps) };
};

/** What the menu of this panel gives as a file. */
async function exported(page: Page, panel: string, kind: string): Promise<string> {
  const menu = page.locator(`[data-testid=${panel}] [data-testid=export]`);
  await menu.locator('summary').click();
  const [download] = await Promise.all([page.waitForEvent('download'), menu.locator(`[data-kind=${kind}]`).click()]);
  return readFileSync(await download.path(), 'utf8');
}

/** What the marks over time say, a line each. */
const marksOn = async (page: Page): Promise<string> =>
  (await part(page, 'mark').evaluateAll((all) => all.map((mark) => mark.getAttribute('aria-label')))).join('\n'); // prettier-ignore

/** For how many seconds the page says that this node has been down. */
async function downSeconds(page: Page, node: string): Promise<number> {
  const [said] = await page.locator(`[data-testid=node][data-node=${node}] h3`).allTextContents();
  return Number(/down (\d+) s/.exec(said ?? '')?.[1] ?? 0);
}

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];

const durations = (paths: JsonPath[], segment: number): number[] =>
  paths.map((path) => path.segments[segment].durationNs).filter((durationNs) => durationNs !== null);

let browser: Browser;
const problems: string[] = [];
const onProblem = (problem: string): void => void problems.push(problem);

beforeAll(async () => {
  if (!missingBrowser) browser = await launch();
});
afterAll(async () => browser?.close());

describe.skipIf(why !== undefined)(`the page of two nodes (needs root, a lab and a browser; missing: ${why})`, () => {
  let cluster: Cluster;
  let page: Page;
  let focus: string;
  let ping: ChildProcess;
  let traffic: Traffic;

  const startPing = (): ChildProcess =>
    cluster.lab.spawn('web', ['ping', '-n', '-q', '-i', '0.01', cluster.lab.pod('api').ip], { stdio: 'ignore' });

  beforeAll(async () => {
    cluster = await startCluster('flannel-vxlan', { lab: { wire: { seed: 6 } } });
    const { lab, agents } = cluster;
    focus = `icmp:${lab.pod('web').ip}>${lab.pod('api').ip}`;
    ping = startPing();
    traffic = await startTraffic(lab, ['http']);
    const token = readFileSync(agents.tokenFile, 'utf8').trim();
    const search = new URLSearchParams({ window: '10s', focus }).toString();
    page = await openPage(browser, `${pageUrl(agents.url)}?${search}#token=${token}`, { onProblem });
  });
  afterAll(async () => {
    // While the wire still carries what it waits for.
    await traffic?.stop();
    await cluster?.stop();
  });

  test('takes the token out of the address at once, and keeps it for this tab', async () => {
    const [href, kept] = await page.evaluate(() => [location.href, sessionStorage.getItem('hoplens-token')]);
    expect(href).not.toContain('token');
    expect(kept).toBe(readFileSync(cluster.agents.tokenFile, 'utf8').trim());
  });

  test('draws hops, segments, the tunnel and times as trace tells them of the same seconds', async () => {
    await until(async () => (await countOf(page, focus)) > 100);
    const [source, destination] = [cluster.lab.pod('web').ip, cluster.lab.pod('api').ip];
    const { paths } = await trace(cluster.agents, ['icmp', '--for', '8s']);
    const requests = paths.filter((path) => path.source.ip === source && path.destination.ip === destination);
    const ruler = await drawn(page);
    expect(requests.length).toBeGreaterThan(200);
    for (const path of requests) {
      expect(path.hops.map((hop) => `${hop.node} ${hop.device} ${hop.direction}`)).toEqual(ruler.hops);
      expect(path.segments.map((segment) => segment.name)).toEqual(ruler.segments.map((segment) => segment.name));
    }
    expect(ruler.hops).toHaveLength(8);
    expect(ruler.tunnel).toBe('50 B');
    expect(requests.every((path) => path.encapsulation?.bytes === 50)).toBe(true);
    // The two windows share most of their packets, not all: the page's median lies well inside what trace saw of each
    // segment. Its histogram is off by 1/64 at most. A wire time below the clock's bound may be negative, which the page
    // tells as 0.
    ruler.segments.forEach(({ p50Ns }, segment) => {
      const seen = durations(requests, segment);
      expect(p50Ns).toBeGreaterThanOrEqual(Math.max(0, quantile(seen, 0.1) * (63 / 64)));
      expect(p50Ns).toBeLessThanOrEqual(Math.max(0, quantile(seen, 0.9) * (65 / 64)) + 1);
    });
  });

  test('opens the slowest packet: its segments add up, the tunnel is on it, its answer stands beside it', async () => {
    await page.keyboard.press(']');
    await there(page.locator('[data-testid=packet-hop][data-reply=true]'));
    const { total, hops } = await waterfall(page);
    const forth = hops.filter(({ isReply }) => !isReply);
    expect(forth.reduce((all, { durationNs }) => all + durationNs, 0)).toBe(total);
    expect(forth.map(({ device, bytes }) => `${device} ${bytes - forth[0].bytes}`)).toEqual([
      'vethweb 0', 'cni0 0', 'flannel.1 0', 'eth0 50', 'eth0 50', 'flannel.1 0', 'cni0 0', 'vethapi 0',
    ]); // prettier-ignore
    expect(hops.length).toBe(2 * forth.length);
    const name = new URL(page.url()).searchParams.get('packet');
    await until(async () => (await part(page, 'packet').getAttribute('data-name')) === name);
    await until(async () => (await text(page, 'inspector')).includes('packet icmp message'));
    await page.locator('[data-testid=segment][data-name=wire]').click();
    await until(async () => (await text(page, 'inspector')).includes('segment wire, n1 ▸ n2'));
    expect(await text(page, 'inspector')).toContain('ethtool -S eth0');
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('[data-testid=inspector][data-kind=packet]').count()) === 1);
    await page.keyboard.press('Escape');
    await until(async () => (await part(page, 'packet').count()) === 0);
  });

  test('loaded anew it has at once what passed before', async () => {
    await page.keyboard.press('2');
    ping.kill();
    await page.reload();
    await until(async () => (await countOf(page, focus)) > 100);
    await until(async () => (await text(page, 'state')).includes('live'));
    await page.keyboard.press('1');
    ping = startPing();
  });

  test('draws the map with devices in the order in which packets pass them, narrows by a click, and has a cell for each way', async () => {
    await page.keyboard.press('m');
    const ways = ['vethweb', 'cni0', 'flannel.1', 'eth0', 'vethapi'];
    await until(async () => new Set(await onMap(page)).size >= ways.length);
    const seen = (await onMap(page)).filter((name) => ways.includes(name));
    expect(seen).toEqual(['vethweb', 'cni0', 'flannel.1', 'eth0', 'eth0', 'flannel.1', 'cni0', 'vethapi']);
    const link = page.locator('[data-testid=map-link][data-name=wire]').first();
    await link.focus();
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).searchParams.get('filter')).toBe('node:n1 node:n2');
    expect(await link.getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Escape');
    await until(() => Promise.resolve(!new URL(page.url()).searchParams.has('filter')));
    await page.keyboard.press('n');
    await there(part(page, 'matrix-cell'));
    const cells = await part(page, 'matrix-cell').all();
    expect(await Promise.all(cells.map((cell) => cell.getAttribute('data-name')))).toEqual(['n1 n2', 'n2 n1']);
    await page.keyboard.press('r');
  });

  test('looking at the past it loses nothing, and goes on with now', async () => {
    const came = async (): Promise<number> =>
      Number(/([\d,]+) paths/.exec(await text(page, 'notice-past'))?.[1].replaceAll(',', '') ?? 0);
    await page.keyboard.press(' ');
    // By then the last of the span has been told too.
    await until(async () => (await came()) > 600);
    const before = await drawn(page);
    await until(async () => (await came()) > 900);
    expect(await drawn(page)).toEqual(before);
    await page.keyboard.press(' ');
    await until(async () => (await text(page, 'notice-past')) === '');
    await until(async () => (await text(page, 'state')).includes('live'));
  });

  test('a span that is brushed shows everywhere, in its files and by its link; Esc goes back', async () => {
    // Then the newer half of the window has pings in every second.
    await until(async () => (await countOf(page, focus)) > 400, 60_000);
    await brush(page, 0.6, 0.9);
    const spanOf = (): number[] => ['from', 'to'].map((word) => Number(new URL(page.url()).searchParams.get(word)));
    // The browser tells of another address when it comes to it.
    await until(() => spanOf()[1] > 0);
    const [from, to] = spanOf();
    expect(to - from).toBeGreaterThanOrEqual(3);
    expect(to - from).toBeLessThanOrEqual(5);
    await until(async () => (await text(page, 'notice-past')).includes(`(${to - from} s)`));
    // By then all of these seconds has been told.
    await until(() => Date.now() / 1000 > to + 10);
    const n = await countOf(page, focus);
    expect(n).toBeGreaterThan(50);
    // Rows far below the window are not drawn.
    await part(page, 'paths').scrollIntoViewIfNeeded();
    expect((await page.locator(`[data-testid=row][data-name="${focus}"] .n`).textContent())!.trim()).toBe(`${n}`);
    const [time, ruler] = [await exported(page, 'time', 'csv'), await exported(page, 'path', 'svg')];
    const seconds = time
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(','));
    const inSpan = seconds.filter(([iso]) => Date.parse(iso) >= from * 1000 && Date.parse(iso) < to * 1000);
    expect(inSpan.reduce((all, cells) => all + Number(cells[6]), 0)).toBe(n);
    expect(ruler).toMatch(/^<svg [^]*flannel\.1[^]*<\/svg>$/);
    expect(ruler).not.toMatch(/class=|var\(|<style/);
    await page.reload();
    // Seconds are those of the page's clock, which is right within the delay of the fastest frames: packets at the edges differ.
    await until(async () => Math.abs((await countOf(page, focus)) - n) <= 0.05 * n);
    expect(spanOf()).toEqual([from, to]);
    await page.keyboard.press('Escape');
    await until(async () => (await text(page, 'state')).includes('live') && !page.url().includes('from='));
  });

  test('is driven by keys, and the back button undoes', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const inFocus = (): Promise<string | null> => part(page, 'path').getAttribute('data-name');
    const wanted = (): string | null => new URL(page.url()).searchParams.get('focus');
    await until(async () => wanted() !== null && wanted() === (await inFocus()));
    await page.goBack();
    await until(async () => (await inFocus()) === focus);
    await page.keyboard.press('/');
    // Half a word hides nothing, and what it could become is offered.
    const filter = (): string | null => new URL(page.url()).searchParams.get('filter');
    await page.keyboard.type('device:vethw');
    // What is offered for all that was typed, not for what stood there before the last letters.
    const offered = async (): Promise<string[]> => (await page.locator('#filter-options li').allInnerTexts()).map((option) => option.trim()); // prettier-ignore
    await until(async () => (await offered()).join() === 'vethweb');
    expect(filter()).not.toBe('device:vethw');
    expect(await part(page, 'row').count()).toBeGreaterThan(2);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await until(() => filter() === 'device:vethweb');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('udp');
    await until(() => filter() === 'udp');
    await until(async () => (await page.getByText('The filter hides all').count()) === 1);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await until(async () => (await part(page, 'row').count()) > 2);
  });

  test('exports what is shown, from what the agents remember', async () => {
    await page.keyboard.press('1');
    const coming = page.waitForEvent('download');
    await part(page, 'export').getByRole('button', { name: 'pcapng' }).dispatchEvent('click');
    const packets = readPackets(readFileSync(await (await coming).path()));
    expect(new Set(packets.map((packet) => packet.interface))).toContain('n2:flannel.1');
    expect(packets.length).toBeGreaterThan(1000);
    expect(await text(page, 'exported')).toMatch(/paths/);
  });

  describe('while one direction of the wire is slow', () => {
    beforeAll(async () => {
      await until(async () => !/No baseline/.test(await text(page, 'hurts')), 60_000);
      await cluster.lab.wire.set({ 'n1>n2': { delayMs: 20 } });
    }, 60_000);
    afterAll(() => cluster.lab.wire.set({ 'n1>n2': {} }));

    test('shows which backend of a Service is gone, and where packets to it end', () =>
      findGoneBackend(page, cluster.lab));
    test('says that the wire is slow, and marks it in every view', () => findSlowWire(page), 90_000);
  });

  test('names what is dropped, where and why, as the kernel counts it, and marks where it began', async () => {
    const { lab } = cluster;
    const unused = ['blackhole', '203.0.113.0/24'];
    await lab.exec('n2', ['ip', 'route', 'add', ...unused]);
    const every = `ip daddr ${lab.pod('api').ip} icmp type echo-request numgen inc mod 4 0`;
    const made = await nft('n2', 'ip', 'forward priority 0', every)(lab);
    await page.keyboard.press('d');
    const row = page.locator('[data-testid=drop]', { hasText: 'NETFILTER_DROP' });
    await until(async () => (await row.count()) === 1);
    await until(async () => (await marksOn(page)).includes('n2: route blackhole 203.0.113.0/24 is new'));
    // A table, a chain and a rule.
    await until(async () => (await marksOn(page)).includes('n2: rules changed: table ip cause, 3 changes'));
    await made.undo();
    await lab.exec('n2', ['ip', 'route', 'del', ...unused]);
    const said = await wordsOf(row);
    expect(said).toContain('dropped NETFILTER_DROP nft_do_chain n2 flannel.1 forward hook');
    expect(said).toContain('A rule of netfilter dropped it');
    await row.getByRole('button', { name: 'n2' }).click();
    expect(new URL(page.url()).searchParams.get('filter')).toBe('node:n2');
    await page.goBack();
    await page.keyboard.press('p');
    await until(async () => (await part(page, 'row').count()) > 2);
  });

  test('shows which device has too small an MTU', () => findShortTunnel(page, cluster.lab));

  test('says that an agent is down, draws the gap, and goes on when it is back', async () => {
    await page.keyboard.press('2');
    await cluster.agents.end('n2', 'SIGKILL');
    await until(async () => (await text(page, 'notice-absent')).includes('n2 is down since'));
    expect(await text(page, 'state')).toContain('stale');
    // An agent is back within a second, in which packets may have passed before and after: no second is missing then.
    await until(async () => (await downSeconds(page, 'n2')) >= 3);
    await cluster.agents.start('n2');
    await until(async () => (await text(page, 'notice-absent')) === '', 60_000);
    // The gap is complete once packets after it are drawn.
    await until(async () => {
      const { shades, seconds } = await gapOf(page);
      return shades >= 1 && seconds >= 2 && (await countOf(page, focus)) > 100;
    }, 60_000);
    await until(async () => (await text(page, 'state')).includes('live'));
  }, 120_000);

  test('breaks no rule of its own origin', () => {
    expect(ownProblems(problems)).toEqual([]);
  });
});
