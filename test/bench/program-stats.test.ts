import { closeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachType, bpf, inNetns, loadEmpty, tcxPrograms } from '../faults/bpf.ts';
import { labMissing } from '../lab/index.ts';
import { inNamespace, run } from '../lab/run.ts';
import { openProgramStats } from './program-stats.ts';

const [missing] = await labMissing();
const LOOPBACK = 1;
const netns = `hl-bench-${process.pid}`;

describe.skipIf(missing !== undefined)(`programs at hooks (needs root and tcx; missing: ${missing})`, () => {
  const open: number[] = [];

  /** Stands for a program of ours: what matters here is its name. */
  beforeEach(async () => {
    await run(['ip', 'netns', 'add', netns]);
    await run(['ip', '-n', netns, 'link', 'set', 'lo', 'up']);
    inNetns(netns, () => {
      const program = loadEmpty('hoplens_ingress');
      open.push(program, bpf('linkCreate', { 0: program, 4: LOOPBACK, 8: attachType.ingress }));
    });
  });

  afterEach(async () => {
    open.splice(0).forEach((fd) => closeSync(fd));
    await run(['ip', 'netns', 'delete', netns]);
  });

  it('run as often as an empty one there, which leaves nothing behind', async () => {
    const programs = () => inNetns(netns, () => tcxPrograms(LOOPBACK, 'ingress'));
    const stats = openProgramStats([{ netns, ifindexes: [LOOPBACK] }]);
    expect(stats.hooks).toBe(1);
    expect(programs()).toEqual(['hoplens_ingress', 'bench_empty']);
    await run(inNamespace(netns, ['ping', '-c', '5', '-i', '0.002', '127.0.0.1']));
    expect(stats.ours().runs).toBe(10); // requests and replies
    expect(stats.empty().runs).toBe(10);
    expect(stats.ours().timeNs).toBeGreaterThan(0);
    stats.close();
    expect(programs()).toEqual(['hoplens_ingress']);
  });
});
