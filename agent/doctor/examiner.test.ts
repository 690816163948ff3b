/** Real processes, which end in every way that one can. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runExamination } from './examiner.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-examiner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = { libraryFile: '', budget: 1, maxDevices: 1, hooks: 'auto' as const };

function examination(body: string) {
  const file = join(folder, `${Math.random()}.mjs`);
  writeFileSync(
    file,
    `const tell = (fact, answer) => new Promise((done) => process.send({ fact, answer }, done));\n${body}`,
  );
  return file;
}

const claimed = "await tell('claimed', { value: true });";

describe('an examination that', () => {
  it.each([
    { ends: 'by a signal of seccomp', body: "process.kill(process.pid, 'SIGSYS');", says: /a seccomp filter killed the examination/ },
    { ends: 'with an error', body: "throw new TypeError('no such thing');", says: /ended with 1: TypeError: no such thing/ },
    { ends: 'as Go does', body: "process.stderr.write('SIGILL: illegal\\npanic: at once\\n'); process.exitCode = 2; process.disconnect();", says: /ended with 2: panic: at once/ },
  ])('ends $ends: what it told before is kept, the rest has the reason', async ({ body, says }) => {
    const answers = await runExamination(examination(`${claimed}${body}`), request);
    expect(answers.claimed).toEqual({ value: true });
    expect(answers.timex).toEqual({ error: { code: 'ended', message: expect.stringMatching(says) as string } });
  }); // prettier-ignore

  it('cannot be started is a reason too', async () => {
    const { execPath } = process;
    process.execPath = join(folder, 'no-node');
    try {
      const answers = await runExamination(examination(''), request);
      expect(answers.library).toMatchObject({
        error: { message: expect.stringMatching(/could not be started: .*ENOENT/) as string },
      });
    } finally {
      process.execPath = execPath;
    }
  });

  it('hangs is ended', async () => {
    const answers = await runExamination(examination('setInterval(() => undefined, 1000);'), request, 200);
    expect(answers.snapshot).toMatchObject({ error: { message: 'the examination took longer than 0.2 s' } });
  });

  it.each([
    { fact: 'library', says: 'the library does not load' },
    { fact: 'loaded', says: 'the kernel programs do not load' },
  ])('finds no $fact says so of what rests on it', async ({ fact, says }) => {
    const error = { code: 'no-bpf', message: 'refused' };
    const body = `await tell('${fact}', ${JSON.stringify({ error })}); process.disconnect();`;
    const answers = await runExamination(examination(body), request);
    expect(answers).toMatchObject({ [fact]: { error }, programs: { error: { message: says } } });
  });
});
