/** The agent where it may not, or the kernel cannot: one sentence that names what is missing, exit code 1. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { hoplens } from './tools.ts';

const isRoot = process.getuid?.() === 0;
/** A network namespace of its own: were it to start after all, it would harm nothing here. */
const alone = ['unshare', '--net', '--'];
const agent = (before: string[]) => hoplens(['agent', '--listen', '127.0.0.1:0'], [...alone, ...before]);

describe.skipIf(!isRoot)('an agent that may not (needs root, to give it up)', () => {
  it.each([
    { without: 'BPF', drop: '-bpf,-sys_admin', says: 'the capability BPF is missing' },
    { without: 'PERFMON', drop: '-perfmon,-sys_admin', says: 'the capability PERFMON is missing' },
    { without: 'NET_ADMIN', drop: '-net_admin', says: 'the capability NET_ADMIN is missing' },
  ])('root without $without', async ({ drop, says }) => {
    const result = await agent(['setpriv', '--bounding-set', drop, '--inh-caps', drop]);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr.split('\n')[0]).toBe(`hoplens agent: ${says}`);
    expect(result.stderr).toContain('run it as root, or with the capabilities BPF, NET_ADMIN and PERFMON');
  });

  it('a user without rights', async () => {
    const result = await agent(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr.split('\n')[0]).toBe(
      'hoplens agent: the capabilities BPF, NET_ADMIN, and PERFMON are missing',
    );
  });

  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const wrapper = fileURLToPath(new URL('./without-bpf.ts', import.meta.url));
  const withoutBpf = [process.execPath, '--import', tsx, wrapper];

  it('a kernel without eBPF: named, and replay offered', async () => {
    const result = await agent(withoutBpf);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toMatch(/^hoplens agent: loading the kernel programs: .*not (implemented|supported)/);
    expect(result.stderr).toMatch(
      /hoplens needs Linux 6.1 or newer with eBPF; hoplens replay shows a recording anywhere/,
    );
    expect(result.stderr.trim().split('\n')).toHaveLength(2);
  });

  it('the doctor on such a kernel: in the same words, and it looks at all the rest', async () => {
    const result = await hoplens(['doctor'], [...alone, ...withoutBpf]);
    expect(result).toMatchObject({ status: 1, stderr: '' });
    const said = result.stdout.replace(/\s+/g, ' ');
    expect(said).toMatch(/problem programs loading the kernel programs: [^→]*not (implemented|supported)/);
    expect(said).toMatch(/→ hoplens needs Linux 6.1 or newer with eBPF; hoplens replay shows a recording/);
    expect(said).toMatch(/warning drops not known: the kernel programs do not load/);
    expect(said).toMatch(/ok library/);
  });
});
