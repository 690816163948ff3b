/** Draws onto a canvas. */
import { FONT, hatchLines, type Pen, type Point } from './pen.ts';

export function canvasPen(context: CanvasRenderingContext2D): Pen {
  function trace(points: readonly Point[]): void {
    context.beginPath();
    points.forEach(({ x, y }, at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  }

  function stroke(points: readonly Point[], color: string, width: number, dash: readonly number[]): void {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.lineJoin = 'round';
    trace(points);
    context.stroke();
  }

  return {
    rect({ x, y, width, height }, fill, opacity = 1) {
      context.globalAlpha = opacity;
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    },
    line: (points, color, { width = 1, dash = [] } = {}) => stroke(points, color, width, dash),
    area(points, baseY, fill) {
      if (points.length === 0) return;
      context.fillStyle = fill;
      trace([{ x: points[0].x, y: baseY }, ...points, { x: points.at(-1)!.x, y: baseY }]);
      context.fill();
    },
    text({ x, y }, text, fill, anchor = 'start') {
      context.fillStyle = fill;
      context.font = FONT;
      context.textAlign = anchor === 'middle' ? 'center' : anchor;
      context.fillText(text, x, y);
    },
    cells({ x, y, width, height }, columns, rows, colorOf) {
      const [cellWidth, cellHeight] = [width / columns, height / rows];
      for (let column = 0; column < columns; column++) {
        for (let row = 0; row < rows; row++) {
          const color = colorOf(column, row);
          if (color === '') continue;
          // Edges on whole pixels: no seams between neighbours.
          const [left, right] = [column, column + 1].map((at) => Math.round(x + at * cellWidth));
          const [top, bottom] = [row + 1, row].map((at) => Math.round(y + height - at * cellHeight));
          context.fillStyle = color;
          context.fillRect(left, top, right - left, bottom - top);
        }
      }
    },
    hatch(box, color) {
      for (const [from, to] of hatchLines(box)) stroke([from, to], color, 1, []);
    },
  };
}
