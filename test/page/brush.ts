import type { Page } from 'playwright-core';
import { part } from './browser.ts';

/** Drags over the time line, between these shares of it. */
export async function brush(page: Page, from: number, to: number): Promise<void> {
  const stage = part(page, 'time-stage');
  await stage.scrollIntoViewIfNeeded();
  const box = (await stage.boundingBox())!;
  const [left, right] = await stage.evaluate(({ dataset }) => [Number(dataset['left']), Number(dataset['right'])]);
  const x = (share: number): number => box.x + left + share * (right - left);
  await page.mouse.move(x(from), box.y + 60);
  await page.mouse.down();
  await page.mouse.move(x(to), box.y + 80, { steps: 3 });
  await page.mouse.up();
}
