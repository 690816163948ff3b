/** GET /v1/snapshot: what this agent and its peers hold of a span, as a file that `hoplens replay` and the page open. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Past } from '../history/past.ts';
import { parseSpan } from '../history/span.ts';
import { pastOfSources } from './held.ts';
import { reply } from './replies.ts';
import type { FrameSource } from './source.ts';

/** Each reads at its own pace from what is held, so few are enough. */
const MAX_AT_ONCE = 8;
const SILENT_MS = 30_000;
let underWay = 0;

/** Answers with a file, or says why there is none. */
export async function serveSnapshot(
  query: URLSearchParams,
  response: ServerResponse,
  sources: FrameSource[],
): Promise<void> {
  const span = parseSpan(query, Date.now());
  if (typeof span === 'string') return reply(response, 400, span);
  const past = pastOfSources(sources, () => span);
  if (!past) return reply(response, 409, 'this agent holds no history (--history 0)');
  if (underWay >= MAX_AT_ONCE) return reply(response, 503, `${MAX_AT_ONCE} snapshots are being read`);
  underWay++;
  try {
    await send(past, response);
  } finally {
    underWay--;
  }
}

async function send(past: Past, response: ServerResponse): Promise<void> {
  const name = `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z.hoplens`;
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  // One that takes nothing any more must not keep its place.
  response.setTimeout(SILENT_MS, () => response.destroy());
  const gone = once(response, 'close');
  for await (const frame of past) {
    if (response.destroyed) return;
    if (!response.write(frame)) await Promise.race([once(response, 'drain'), gone]);
  }
  response.end();
}
