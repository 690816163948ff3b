/** A real Chromium without a screen, as Debian packages it. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

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

/** Of all elements with this test id. */
export const text = async (page: Page, name: string): Promise<string> =>
  (await page.locator(`[data-testid=${name}]`).allTextContents()).join(' ');

/** Without what a browser says of agents that are away: what is left breaks a rule of the page's own origin. */
export const ownProblems = (problems: string[]): string[] =>
  problems.filter((problem) => !/WebSocket connection|Failed to load resource/.test(problem));
