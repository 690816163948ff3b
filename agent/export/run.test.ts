import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Summary } from '../paths/counting.ts';
import { runExport, type ExportOptions } from './run.ts';
import { framesOfPings, readPackets, type Sent } from './testing.ts';

const DEMO = fileURLToPath(new URL('../../test/fixtures/demo.hoplens', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hoplens-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pings: Sent[] = Array.from({ length: 20 }, (_, at) => ({
  from: at % 2,
  to: 1 - (at % 2),
  timeNs: 1e9 + at * 1e6,
}));
const small = join(folder, 'small.hoplens');
writeFileSync(small, Buffer.concat(framesOfPings(pings)));

/** A standard output that takes what comes, or as little as it says. */
class Taken extends Writable {
  text = '';
  isTTY = false;
  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    this.text += chunk.toString();
    done();
  }
}

class Gone extends Writable {
  override _write(_chunk: Buffer, _: string, done: (error?: Error) => void): void {
    done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  }
}

async function run(options: Partial<ExportOptions>) {
  const said: string[] = [];
  const output = new Taken();
  const code = await runExport({
    file: small, format: 'json', version: 'test', output, say: (line) => said.push(line),
    signal: new AbortController().signal, ...options,
  }); // prettier-ignore
  return { code, said: said.join('\n'), text: output.text };
}

const lines = (text: string): string[] => text.trim().split('\n');

describe('hoplens export', () => {
  it('makes of the demo the same paths in every format', async () => {
    const files = Object.fromEntries(
      await Promise.all(
        (['pcapng', 'perfetto', 'json', 'csv'] as const).map(async (format) => {
          const out = join(folder, `demo.${format}`);
          const { code, said } = await run({ file: DEMO, format, out });
          expect([code, said]).toEqual([0, expect.stringMatching(/: 2,\d{3} paths, [\d,]+ bytes; \d+ paths whose/)]);
          expect(statSync(out).size).toBe(Number(/([\d,]+) bytes/.exec(said)![1].replaceAll(',', '')));
          return [format, readFileSync(out)];
        }),
      ),
    ) as Record<string, Buffer>;
    const json = lines(files['json'].toString()).map((line) => JSON.parse(line) as { identity: string; hops: [] });
    const summary = json.pop() as unknown as Summary;
    expect(summary.type).toBe('summary');
    expect(lines(files['csv'].toString())).toHaveLength(json.length + 1);
    const hops = json.reduce((all, path) => all + path.hops.length, 0);
    const packets = readPackets(files['pcapng']);
    expect(packets).toHaveLength(hops + summary.lostByNetwork.dropped);
    expect(new Set(packets.map((packet) => packet.interface)).size).toBeGreaterThanOrEqual(8);
    const { traceEvents } = JSON.parse(files['perfetto'].toString()) as { traceEvents: { ph: string }[] };
    expect(traceEvents.filter(({ ph }) => ph === 'X')).toHaveLength(hops);
  });

  it('goes to the standard output, and says there nothing else', async () => {
    const { code, text } = await run({ filter: 'node:n2' });
    expect(code).toBe(0);
    expect(lines(text).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      ...pings.map(() => 'path'),
      'summary',
    ]);
  });

  it('replaces no file unless told to', async () => {
    const out = join(folder, 'there');
    writeFileSync(out, 'mine');
    expect(await run({ out })).toMatchObject({ code: 2, said: expect.stringContaining('exists already') as string });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(await run({ out, force: true, file: join(folder, 'none') })).toMatchObject({ code: 1 });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect(await run({ out, force: true })).toMatchObject({ code: 0 });
    expect(readFileSync(out, 'utf8')).toContain('summary');
  });

  it('keeps what stands before the cut of a recording, and says where that is', async () => {
    const file = join(folder, 'cut.hoplens');
    writeFileSync(file, readFileSync(small).subarray(0, -100));
    const { code, said, text } = await run({ file });
    expect([code, said]).toEqual([1, expect.stringContaining('cut off at byte')]);
    expect(lines(text).length).toBeGreaterThan(10);
  });

  it('says that it was interrupted, and keeps what came until then', async () => {
    const { code, said, text } = await run({ signal: AbortSignal.abort() });
    expect([code, said]).toEqual([1, expect.stringMatching(/0 paths, .*\ninterrupted: the rest of the recording/)]);
    expect(lines(text).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['summary']);
  });

  it('says what is wrong with a filter, and is not for terminals', async () => {
    expect(await run({ filter: 'verdict:lost' })).toMatchObject({ code: 2, text: '' });
    const output = Object.assign(new Taken(), { isTTY: true });
    expect(await run({ format: 'pcapng', output })).toMatchObject({ code: 2, said: expect.stringContaining('--out') as string }); // prettier-ignore
  });

  it('ends quietly when nobody reads any more', async () => {
    expect(await run({ file: DEMO, output: new Gone() })).toEqual({ code: 0, said: '', text: '' });
  });
});
