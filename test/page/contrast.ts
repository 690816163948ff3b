/// <reference lib="dom" />
/** Contrast of text as WCAG 2 measures it, of what a browser has laid out. */
import type { Page } from 'playwright-core';

/** Level AA; large text may have less. */
const LEAST = 4.5;
const LEAST_LARGE = 3;

export interface Measured {
  /** Pieces of text that can be seen. */
  count: number;
  /** Those with too little contrast, with what they have. */
  faint: string[];
}

/** Every text on the page against what lies behind it: colours that are not opaque are laid upon each other first. */
export const contrastOf = (page: Page): Promise<Measured> =>
  page.evaluate(
    ({ least, leastLarge }) => {
      type Colour = [red: number, green: number, blue: number, alpha: number];
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
      const parse = (colour: string): Colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
      };
      const over = ([r, g, b, a]: Colour, below: Colour): Colour =>
        [r, g, b].map((value, i) => value * a + below[i] * (1 - a)).concat(1) as Colour;
      const linear = (value: number): number =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
      const luminance = ([r, g, b]: Colour): number => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
      const behind = (element: Element | null): Colour => {
        if (!element) return [255, 255, 255, 1];
        const own = parse(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own : over(own, behind(element.parentElement));
      };
      const opacityOf = (element: Element | null): number =>
        element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1;

      const measured = { count: 0, faint: [] as string[] };
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const text = texts.currentNode.textContent!.trim();
        const element = texts.currentNode.parentElement!;
        if (text === '' || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        if (element.closest(':disabled, [aria-disabled=true]')) continue; // what cannot be used may be faint
        const style = getComputedStyle(element);
        const ink = parse(element instanceof SVGElement ? style.fill : style.color);
        const ground = behind(element);
        const shown = over([ink[0], ink[1], ink[2], ink[3] * opacityOf(element)], ground);
        const [light, dark] = [luminance(shown), luminance(ground)].sort((a, b) => b - a);
        const ratio = (light + 0.05) / (dark + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        measured.count++;
        if (ratio < (isLarge ? leastLarge : least)) measured.faint.push(`${ratio.toFixed(2)}: "${text.slice(0, 40)}"`);
      }
      return measured;
    },
    { least: LEAST, leastLarge: LEAST_LARGE },
  );
