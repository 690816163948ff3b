/** The page: what `npm run build` made of dashboard/, public, read once. No request ever names a file of the disk. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reply } from './replies.ts';

/** Nothing but our own: no inline script or style, no other origin, no frame around us. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
  "worker-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; '); // prettier-ignore

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

interface PageFile {
  body: Buffer;
  headers: Record<string, string>;
}

/** Beside the bundle that runs, or where the build puts it when the sources run. */
export const PAGE_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../.build/dashboard/' : './dashboard/', import.meta.url),
);

export type ServeFiles = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Answers GET and HEAD for the files of this folder; without it says in a sentence what is missing. */
export function servePage(folder: string = PAGE_FOLDER): ServeFiles {
  const files = readPage(folder);
  return (request, response) => {
    // Compared with names that we know, never resolved: what is no path at all is simply none of them.
    const [path] = (request.url ?? '/').split('?');
    const file = files.get(path === '/' ? '/index.html' : path);
    if (file) {
      response.writeHead(200, file.headers);
      response.end(file.body);
      return true;
    }
    if (path !== '/' || files.size > 0) return false;
    reply(response, 404, 'This hoplens was built without its page: npm run build makes it.');
    return true;
  };
}

function readPage(folder: string): Map<string, PageFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in types);
  return new Map(names.map((name) => [`/${name}`, pageFile(folder, name)]));
}

function pageFile(folder: string, name: string): PageFile {
  const body = readFileSync(join(folder, name));
  // Files in assets/ bear a hash of their content in their name; the page itself names the current ones.
  const cached = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  return {
    body,
    headers: {
      'content-type': types[extname(name)],
      'content-length': String(body.length),
      'cache-control': cached,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}
