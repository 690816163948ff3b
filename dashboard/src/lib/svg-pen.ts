/** Writes an SVG that stands alone: attributes only, nothing from a style sheet or from elsewhere. */
import { FONT_FAMILY, FONT_PX, hatchLines, type Box, type Pen, type Point } from './pen.ts';

export interface SvgPen extends Pen {
  /** The file, on this ground. */
  document(width: number, height: number, title: string, ground: string): string;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Any text as the content of an element or a quoted attribute; what XML forbids is left out. */
const escapeXml = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const path = (points: readonly Point[]): string => points.map(({ x, y }) => `${round(x)} ${round(y)}`).join('L');
const boxPath = ({ x, y, width, height }: Box): string =>
  `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;

export function svgPen(): SvgPen {
  const parts: string[] = [];
  return {
    rect: (box, fill, opacity = 1) =>
      void parts.push(`<path d="${boxPath(box)}" fill="${escapeXml(fill)}" fill-opacity="${opacity}"/>`),
    line(points, stroke, { width = 1, dash = [] } = {}) {
      if (points.length === 0) return;
      const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : '';
      parts.push(
        `<path d="M${path(points)}" fill="none" stroke="${escapeXml(stroke)}" stroke-width="${width}" stroke-linejoin="round"${dashes}/>`,
      );
    },
    area(points, baseY, fill) {
      if (points.length === 0) return;
      const outline = [{ x: points[0].x, y: baseY }, ...points, { x: points.at(-1)!.x, y: baseY }];
      parts.push(`<path d="M${path(outline)}z" fill="${escapeXml(fill)}"/>`);
    },
    text: ({ x, y }, text, fill, anchor = 'start') =>
      void parts.push(
        `<text x="${round(x)}" y="${round(y)}" fill="${escapeXml(fill)}" text-anchor="${anchor}">${escapeXml(text)}</text>`,
      ),
    cells({ x, y, width, height }, columns, rows, colorOf) {
      const [cellWidth, cellHeight] = [width / columns, height / rows];
      const paths = new Map<string, string>();
      for (let column = 0; column < columns; column++) {
        for (let row = 0; row < rows; row++) {
          const color = colorOf(column, row);
          if (color === '') continue;
          const cell = { x: x + column * cellWidth, y: y + height - (row + 1) * cellHeight, width: cellWidth, height: cellHeight }; // prettier-ignore
          paths.set(color, (paths.get(color) ?? '') + boxPath(cell));
        }
      }
      for (const [color, d] of paths)
        parts.push(`<path d="${d}" fill="${escapeXml(color)}" shape-rendering="crispEdges"/>`);
    },
    hatch(box, stroke) {
      const d = hatchLines(box).map((line) => `M${path(line)}`).join(''); // prettier-ignore
      if (d) parts.push(`<path d="${d}" fill="none" stroke="${escapeXml(stroke)}"/>`);
    },
    document: (width, height, title, ground) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(FONT_FAMILY)}" font-size="${FONT_PX}">` +
      `<title>${escapeXml(title)}</title><rect width="${width}" height="${height}" fill="${escapeXml(ground)}"/>${parts.join('')}</svg>\n`,
  };
}
