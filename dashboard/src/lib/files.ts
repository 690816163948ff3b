/** Files that the page hands to whoever looks at it. */
import type { Span } from './span.ts';

export const MimeType = { csv: 'text/csv', svg: 'image/svg+xml', png: 'image/png' } as const;
export type Extension = keyof typeof MimeType;

/** hoplens-paths-20261126T140320Z-60s.csv */
export function fileName(what: string, { from, to }: Span, extension: string): string {
  const words = what.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 100); // prettier-ignore
  const time = new Date(from * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `hoplens-${words}-${time}-${to - from}s.${extension}`;
}

export function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Not at once: the browser reads it afterwards.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** On paper and screens of twice as many dots it stays sharp. */
const PNG_SCALE = 2;

/** Of an SVG that stands alone. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  // Our policy lets images come from data, and from nowhere else but ourselves.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width * PNG_SCALE;
  canvas.height = image.height * PNG_SCALE;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser made no PNG')))),
  );
}

/** What style sheets say of SVG, that an SVG can say itself. */
const PROPERTIES = [
  'fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-family', 'font-size',
  'font-weight', 'font-variant-numeric', 'stop-color', 'stop-opacity',
] as const; // prettier-ignore

/** A drawing of the page as a file that needs no style sheet of ours, on this ground. */
export function standAlone(drawn: SVGSVGElement, ground: string): string {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const copies = [copy, ...copy.querySelectorAll('*')];
  [drawn, ...drawn.querySelectorAll('*')].forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of PROPERTIES) copies[at].setAttribute(name, style.getPropertyValue(name));
    for (const { name } of [...copies[at].attributes])
      if (name === 'class' || name.startsWith('data-')) copies[at].removeAttribute(name);
  });
  const back = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: ground }))
    back.setAttribute(name, value);
  copy.prepend(back);
  return new XMLSerializer().serializeToString(copy);
}
