/** How somebody comes to each view of the page, and leaves it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { part, there } from './browser.ts';
import { brush } from './brush.ts';

/** Plots are drawn in turn. */
const SETTLE_MS = 1000;

export interface Look {
  /** Of the picture: `drops`. */
  name: string;
  come: (page: Page) => Promise<void>;
  leave: string[];
  /** What must be in the window. */
  of?: string;
}

const press =
  (key: string, shows: string) =>
  async (page: Page): Promise<void> => {
    await page.keyboard.press(key);
    await there(part(page, shows));
  };

const click =
  (what: string, shows: string) =>
  async (page: Page): Promise<void> => {
    await part(page, what).first().click();
    await there(part(page, shows));
  };

/** In this order: the path that hurts is in focus from the first one on. */
export const views: Look[] = [
  { name: 'ruler', come: (page) => part(page, 'hurts').getByRole('button').dispatchEvent('click'), leave: [] },
  { name: 'map', come: press('m', 'map-link'), leave: ['r'] },
  { name: 'nodes', come: press('n', 'matrix-cell'), leave: ['r'] },
  { name: 'packet', come: press(']', 'waterfall'), leave: ['Escape'], of: 'packet' },
  { name: 'drops', come: press('d', 'drop'), leave: ['p'], of: 'drops' },
  { name: 'lost', come: (page) => press('d', 'drop')(page).then(() => click('open-lost', 'waterfall')(page)), leave: ['Escape', 'Escape', 'p'], of: 'packet' }, // prettier-ignore
  { name: 'span', come: (page) => brush(page, 0.6, 0.85), leave: ['l'], of: 'time' },
  { name: 'encapsulation', come: () => Promise.resolve(), leave: [], of: 'backends' },
  { name: 'files', come: (page) => page.keyboard.press('w'), leave: ['Escape'] },
  { name: 'help', come: (page) => page.keyboard.press('?'), leave: ['Escape'] },
];

/** `draw` gets the page as it is in each view. */
export async function visit(page: Page, draw: (name: string) => Promise<void>): Promise<void> {
  for (const { name, come, leave, of } of views) {
    await come(page);
    if (of !== undefined) await part(page, of).first().scrollIntoViewIfNeeded();
    await sleep(SETTLE_MS);
    await draw(name);
    for (const key of leave) await page.keyboard.press(key);
    await page.evaluate(() => scrollTo(0, 0));
  }
}
