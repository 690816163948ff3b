import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFrame, helloFrame, hubOf, legsFrame, serve, statusFrame, until } from '../server/testing.ts';
import { readFrames } from './reader.ts';
import { runRecord, type RecordOptions } from './record.ts';
import { createFrameWriter } from './writer.ts';

const cleanups: (() => unknown)[] = [];
let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoplens-record-'));
  out = join(folder, 'recording');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true });
});

async function agent(...args: Parameters<typeof serve>) {
  const server = await serve(...args);
  cleanups.push(() => server.stop());
  return server;
}

/** A recording under way; `end` is Ctrl-C. */
function record(gateway: string, options: Partial<RecordOptions> = {}) {
  const said: string[] = [];
  const controller = new AbortController();
  const code = runRecord({ out, gateway, signal: controller.signal, say: (line) => said.push(line), ...options });
  const end = (): Promise<number> => {
    controller.abort();
    return code;
  };
  cleanups.push(end);
  return { said, code, end };
}

async function recorded(path = out): Promise<string[]> {
  const seen: string[] = [];
  for await (const frame of readFrames(path)) seen.push(describeFrame(frame));
  return seen;
}

describe('a recording', () => {
  it('is the frames as they came, state first, with a summary', async () => {
    const hub = hubOf(1, 'node-1');
    hub.push(statusFrame(1, 1));
    const server = await agent(hub);
    const { said, end } = record(server.url);
    await until(() => server.stats.framesSent === 2);
    const sent = [legsFrame(1, 2, 5000), helloFrame(2, 'node-2'), legsFrame(1, 5)];
    for (const frame of sent) hub.push(frame);
    await until(() => existsSync(out) && statSync(out).size > 0 && server.stats.framesSent === 5);
    await until(() => server.isDrained());
    await until(() => readFileSync(out).includes(Buffer.from(sent[2])));
    expect(await end()).toBe(0);
    const state = [helloFrame(1, 'node-1'), statusFrame(1, 1)];
    expect(Buffer.compare(readFileSync(out), Buffer.concat([...state, ...sent]))).toBe(0);
    expect(await recorded()).toEqual(['hello 1/0', 'status 1/1', 'legs 1/2', 'hello 2/0', 'legs 1/5']);
    expect(said.at(-1)).toMatch(/: 5 frames, \d+ bytes, [\d.]+ s, nodes: node-1, node-2; missed 2 frames$/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('ends after its time', async () => {
    const server = await agent(hubOf(1, 'node-1'));
    expect(await record(server.url, { forMs: 300 }).code).toBe(0);
    expect(await recorded()).toEqual(['hello 1/0']);
  });

  it('ends on SIGINT and takes its handlers away', async () => {
    const server = await agent(hubOf(1, 'node-1'));
    const before = process.listenerCount('SIGINT');
    const code = runRecord({ out, gateway: server.url, say: () => {} });
    await until(() => existsSync(out) && statSync(out).size > 0);
    process.emit('SIGINT');
    expect(await code).toBe(0);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('goes on in the same file when the agent comes back', async () => {
    const first = await serve(hubOf(1, 'node-1'));
    const { said, end } = record(first.url);
    await until(() => existsSync(out) && statSync(out).size > 0);
    await first.stop();
    await until(() => said.some((line) => line.includes('trying again')));
    const second = await agent(hubOf(2, 'node-1'), { listen: { host: '127.0.0.1', port: first.port } });
    const both = helloFrame(1, 'node-1').length + helloFrame(2, 'node-1').length;
    await until(() => statSync(out).size === both, second.url);
    expect(await end()).toBe(0);
    expect(await recorded()).toEqual(['hello 1/0', 'hello 2/0']);
  });

  it('never replaces a file unasked, nor before there is something to replace it with', async () => {
    const server = await agent(hubOf(1, 'node-1'));
    writeFileSync(out, 'precious');
    const refused = record(server.url);
    expect(await refused.code).toBe(2);
    expect(refused.said).toEqual([`hoplens record: ${out} exists already; --force replaces it`]);
    expect(await record('127.0.0.1:1', { force: true }).code).toBe(1);
    expect(readFileSync(out, 'utf8')).toBe('precious');
    const { end } = record(server.url, { force: true });
    await until(() => statSync(out).size === helloFrame(1, 'node-1').length);
    expect(await end()).toBe(0);
    expect(await recorded()).toEqual(['hello 1/0']);
  });

  it.each([
    ['nobody listens', '127.0.0.1:1', 1, /nobody listens/],
    ['the address is none', 'ftp://x', 2, /is not a ws:/],
  ])('fails when %s, and leaves no file', async (_what, gateway, code, message) => {
    const { said, code: exit } = record(gateway);
    expect(await exit).toBe(code);
    expect(said[0]).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  it('fails where no file can be', async () => {
    const { said, code } = record('127.0.0.1:1', { out: join(folder, 'none', 'recording') });
    expect(await code).toBe(1);
    expect(said[0]).toContain('cannot create');
  });
});

describe.skipIf(process.getuid?.() !== 0)('on a full disk (mounting a small tmpfs needs root)', () => {
  const mountTiny = (): string => {
    const mount = join(folder, 'tiny');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'hoplens-test', mount]);
    cleanups.push(() => execFileSync('umount', [mount]));
    return join(mount, 'recording');
  };

  it('the last frames that met it are named even after the end', async () => {
    const full = mountTiny();
    const writer = await createFrameWriter(full, false, () => {});
    for (let sequence = 1; sequence <= 20; sequence++) writer.write(legsFrame(1, sequence, 10_000));
    await writer.close();
    expect(writer.error).toMatchObject({ code: 'ENOSPC' });
    expect(await recorded(full)).toHaveLength(writer.frames);
    expect([writer.waitingBytes, writer.bytes]).toEqual([0, statSync(full).size]);
  });

  it('a recording keeps its whole frames and says so', async () => {
    const full = mountTiny();
    const hub = hubOf(1, 'node-1');
    const server = await agent(hub);
    const { said, code } = record(server.url, { out: full });
    await until(() => server.stats.framesSent === 1);
    for (let sequence = 1; sequence <= 20; sequence++) hub.push(legsFrame(1, sequence, 10_000));
    expect(await code).toBe(1);
    expect(said[0]).toBe(`hoplens record: cannot write ${full} any further: the disk is full`);
    const seen = await recorded(full);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(8);
    expect(said[1]).toContain(`${seen.length} frames, ${statSync(full).size} bytes`);
    expect(server.stats.controlRejected).toBe(0);
  });
});
