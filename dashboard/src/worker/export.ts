/** A worker of its own: what is shown of a span, as a file for other tools, by the code of `hoplens export`. */
import type { Format, Piece } from '../../../agent/export/exporter.ts';
import { makers } from '../../../agent/export/formats.ts';
import { parseFilter } from '../../../agent/trace/filter.ts';
import type { Span } from '../lib/span.ts';
import { framesIn, type Source } from './source.ts';
import { walkSpan } from './walk-span.ts';

export interface ExportOrder {
  source: Source;
  span: Span;
  hoplens: string;
  format: Format;
  /** One that is understood. */
  filter: string;
}

export type ExportReport =
  { state: 'done'; file: Blob; paths: number; partial: number } | { state: 'failed'; message: string };

/** A page is no place for more; `hoplens snapshot` and `hoplens export` have no such limit. */
const MOST_BYTES = 256 << 20;

self.onmessage = ({ data }: MessageEvent<ExportOrder>) => void run(data).then((report) => self.postMessage(report));

async function run(order: ExportOrder): Promise<ExportReport> {
  try {
    return await exportSpan(order);
  } catch (error) {
    return { state: 'failed', message: (error as Error).message };
  }
}

async function exportSpan({ source, span, hoplens, format, filter }: ExportOrder): Promise<ExportReport> {
  const pieces: Piece[] = [];
  let bytes = 0;
  const exporter = makers[format]((piece) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error('the file grows beyond 256 MiB: choose a shorter time, or a filter');
  }, hoplens);
  const walked = await walkSpan(framesIn(source, span), exporter, { span, filter: parseFilter(filter) });
  return { state: 'done', file: new Blob(pieces), paths: walked.paths, partial: walked.partial };
}
