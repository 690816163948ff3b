/** A worker of its own: what the agents hold of a span, as a file for other tools, by the code of `hoplens export`. */
import { SNAPSHOT_PATH } from '../../../agent/client/protocol.ts';
import type { Format, Piece } from '../../../agent/export/exporter.ts';
import { makers } from '../../../agent/export/formats.ts';
import { walk } from '../../../agent/export/walk.ts';
import { parseFilter } from '../../../agent/trace/filter.ts';
import { splitFrames } from '../../../agent/wire/split.ts';
import type { Span } from '../lib/span.ts';

export interface ExportOrder {
  base: string;
  token: string | undefined;
  hoplens: string;
  format: Format;
  span: Span;
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

async function exportSpan({ base, token, hoplens, format, span, filter }: ExportOrder): Promise<ExportReport> {
  const response = await fetch(snapshotUrl(base, span), {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (!response.ok || !response.body) throw new Error((await response.text()).trim() || `HTTP ${response.status}`);
  const pieces: Piece[] = [];
  let bytes = 0;
  const exporter = makers[format]((piece) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error('the file grows beyond 256 MiB: choose a shorter time, or a filter');
  }, hoplens);
  const walked = await walk(splitFrames(chunksOf(response.body)), exporter, { filter: parseFilter(filter) });
  return { state: 'done', file: new Blob(pieces), paths: walked.paths, partial: walked.partial };
}

/** By ages: the agent's clock may differ from ours. */
function snapshotUrl(base: string, { from, to }: Span): URL {
  const age = (second: number): string => `-${Math.max(0, Math.round(Date.now() - second * 1000))}ms`;
  const url = new URL(`.${SNAPSHOT_PATH}`, base);
  for (const [name, value] of [['scope', 'cluster'], ['from', age(from)], ['to', age(to)]]) url.searchParams.set(name, value); // prettier-ignore
  return url;
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}
