/** A real Chromium without a screen, as Debian packages it. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { until } from '../lab/until.ts';

export const CHROMIUM = '/usr/bin/chromium';

/** Why no page can be opened here; undefined if one can. */
export const missingBrowser = existsSync(CHROMIUM) ? undefined : `${CHROMIUM}: apt-get install chromium`;

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });

export interface Opening {
  width?: number;
  height?: number;
  colorScheme?: 'dark' | 'light';
  /** What the page writes to its console, and errors that nobody caught. */
  onProblem?: (text: string) => void;
}

/** A page of its own session: nothing of another one's storage. */
export async function openPage(browser: Browser, url: string, opening: Opening = {}): Promise<Page> {
  const { width = 1440, height = 1000, colorScheme = 'dark', onProblem } = opening;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') onProblem?.(message.text());
  });
  page.on('pageerror', (error) => onProblem?.(String(error)));
  await page.goto(url);
  return page;
}

/** The page of a gateway that says ws://HOST:PORT. */
export const pageUrl = (url: string): string => `${url.replace(/^ws/, 'http')}/`;

/** Parts of the page with this test id, and this text in them. */
export const part = (page: Page, name: string, hasText?: string): Locator =>
  page.locator(`[data-testid=${name}]`, hasText === undefined ? {} : { hasText });

/** Of all of them. */
export const text = async (page: Page, name: string): Promise<string> =>
  (await part(page, name).allTextContents()).join(' ');

export const there = (what: Locator): Promise<void> => until(async () => (await what.count()) > 0);

/** What stands there, as somebody reads it. */
export const wordsOf = async (what: Locator): Promise<string> => (await what.innerText()).replaceAll(/\s+/g, ' ');

/** Without what a browser says of agents that are away: what is left breaks a rule of the page's own origin. */
export const ownProblems = (problems: string[]): string[] =>
  problems.filter((problem) => !/WebSocket connection|Failed to load resource/.test(problem));
