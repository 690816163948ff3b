import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PROTOCOL } from '../client/protocol.ts';
import { servePage } from './files.ts';
import type { RunningServer } from './server.ts';
import { hubOf, serve } from './testing.ts';

let folder: string;
let server: RunningServer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoplens-page-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets/a-1.js'), '1;');
  writeFileSync(join(folder, 'notes.txt'), 'not a page');
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** As it stands: fetch would tidy the path up first. */
const ask = (path: string, headers = {}): Promise<{ status: number; headers: Record<string, unknown>; body: string }> =>
  new Promise((resolve, reject) => {
    get({ host: server.host, port: server.port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    }).on('error', reject);
  });

test('the page comes with its type, its policy and its age', async () => {
  server = await serve(hubOf(1, 'n1'), { files: servePage(folder) });
  const page = await ask('/?focus=x');
  expect([page.status, page.body, page.headers['cache-control']]).toEqual([200, '<!doctype html>', 'no-cache']);
  expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  const script = await ask('/assets/a-1.js');
  expect(script.headers['cache-control']).toContain('immutable');
  expect(script.headers['content-type']).toContain('text/javascript');
  // A worker goes by the policy of its own script.
  expect(script.headers['content-security-policy']).toBe(page.headers['content-security-policy']);
});

test('nothing else of the disk is served', async () => {
  server = await serve(hubOf(1, 'n1'), { files: servePage(folder) });
  for (const path of ['/notes.txt', '/../../etc/passwd', '/assets/..%2findex.html', '/assets/', '//', '/%']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
});

test('without a page it says how to make one', async () => {
  server = await serve(hubOf(1, 'n1'), { files: servePage(join(folder, 'none')) });
  expect(await ask('/')).toMatchObject({ status: 404, body: expect.stringContaining('npm run build') as unknown });
});

test('tells anybody what is served here, and whether their token would do', async () => {
  const info = { hoplens: '1.2.3', recording: true };
  server = await serve(hubOf(1, 'n1'), { listen: { host: '0.0.0.0', port: 0 }, token: 'sixteen-and-more', info });
  const answers = [{}, { authorization: 'Bearer wrong' }, { authorization: 'Bearer sixteen-and-more' }];
  const told = await Promise.all(
    answers.map(async (headers) => JSON.parse((await ask('/v1/info', headers)).body) as object),
  );
  expect(told).toEqual([false, false, true].map((authorized) => ({ ...info, protocol: PROTOCOL, authorized })));
});
