/** Real files and ports. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as setUp from './setup-checks.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const listen = '127.0.0.1:0';
const token = 'abcdefghijklmnopqrstuvwxyz';

it.each([
  ['20.19.0', 'ok'],
  ['22.0.0', 'ok'],
  ['20.18.3', 'problem'],
  ['18.20.4', 'problem'],
])('Node %s: %s', (version, state) => expect(setUp.checkNode(version).state).toBe(state));

describe('the token', () => {
  it.each([
    { what: 'none', options: {}, state: 'ok' },
    { what: 'none, with the probe', options: { probeMs: 200 }, state: 'problem' },
    { what: 'a good one', options: { tokenFile: file('good', token) }, state: 'ok' },
    { what: 'one that everybody may read', options: { tokenFile: file('open', token, 0o644) }, state: 'warning' },
    { what: 'a short one', options: { tokenFile: file('short', 'short') }, state: 'problem' },
    { what: 'no file', options: { tokenFile: join(folder, 'none') }, state: 'problem' },
  ])('$what: $state', async ({ options, state }) => {
    const check = await setUp.checkToken({ listen, ...options });
    expect(check.state).toBe(state);
    expect(JSON.stringify(check)).not.toContain(token);
  });
});

describe('the port', () => {
  const taking = async <T>(server: Server, use: (where: string) => Promise<T>): Promise<T> => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      return await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  };
  const answering = (body: string): Server => createHttpServer((_, response) => response.end(body));

  it('is free', async () => {
    expect(await setUp.checkListen({ listen }, false)).toMatchObject({ state: 'ok', found: `${listen} is free` });
  });

  it('is taken by another program', async () => {
    const check = await taking(answering('<html>'), (where) => setUp.checkListen({ listen: where }, false));
    expect(check).toMatchObject({ state: 'problem', found: expect.stringContaining('another program does') as string });
  });

  it.each([
    { isClaimed: true, state: 'ok' },
    { isClaimed: false, state: 'problem' },
  ])('is taken by an agent; one runs in this namespace: $isClaimed', async ({ isClaimed, state }) => {
    const agent = answering('{"hoplens":"0.1.0"}');
    const check = await taking(agent, (where) => setUp.checkListen({ listen: where }, isClaimed));
    expect(check).toMatchObject({ state, found: expect.stringContaining('an agent of hoplens 0.1.0 serves at') as string }); // prettier-ignore
  });

  it.each([
    { where: 'nowhere', says: /not HOST:PORT/ },
    { where: '0.0.0.0:0', says: /without a token/ },
    { where: '192.0.2.1:9430', tokenFile: file('token', token), says: /no such address/ },
  ])('cannot be $where', async ({ where, tokenFile, says }) => {
    const check = await setUp.checkListen({ listen: where, ...(tokenFile && { tokenFile }) }, false);
    expect(check).toMatchObject({ state: 'problem', found: expect.stringMatching(says) as string });
  });
});

describe('names and Kubernetes', () => {
  it('read the file as an agent does', async () => {
    const good = file('names.yaml', 'pods:\n  - { name: web, addresses: [10.0.0.1] }\n');
    expect(await setUp.checkNames({ listen })).toMatchObject({ state: 'ok' });
    expect(await setUp.checkNames({ listen, names: good })).toMatchObject({ state: 'ok', found: '1 pod, 0 Services, 0 nodes' }); // prettier-ignore
    const bad = file('bad.yaml', 'pods: 7\n');
    expect(await setUp.checkNames({ listen, names: bad })).toMatchObject({ state: 'warning' });
  });

  it('is asked for only by a pod', async () => {
    expect(await setUp.checkKubernetes({ listen })).toMatchObject({ state: 'ok' });
    // Tests may run in one.
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
    const check = await setUp.checkKubernetes({ listen, kubernetes: { peerPods: '' } });
    vi.unstubAllEnvs();
    expect(check).toMatchObject({
      state: 'problem',
      found: expect.stringContaining('no pod of a Kubernetes') as string,
    });
  });
});
