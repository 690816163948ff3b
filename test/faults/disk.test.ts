/** `hoplens record` on a disk that becomes full. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFrames } from '../../agent/recording/reader.ts';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents, type Agents } from '../lab/agents.ts';
import { run } from '../lab/run.ts';
import { startTraffic } from '../traffic/start.ts';
import { hoplens, servedAt, startHoplens } from './tools.ts';

const [missing] = await labMissing();

describe.skipIf(missing !== undefined)(`a full disk (needs a machine for labs; missing: ${missing})`, () => {
  const disk = mkdtempSync(join(tmpdir(), 'hoplens-disk-'));
  let lab: Lab;
  let agents: Agents;
  beforeAll(async () => {
    lab = await createLab('flannel-vxlan', { signals: false });
    agents = await startAgents(lab, { args: ['--sample', '0'] });
    await run(['mount', '-t', 'tmpfs', '-o', 'size=192k', 'hoplens-test', disk]);
  });
  afterAll(async () => {
    await run(['umount', disk], { allowFailure: true });
    rmSync(disk, { recursive: true, force: true });
    await agents?.stop();
    await lab?.down();
  });

  it('ends the recording with a sentence; what came until then can be played', async () => {
    const traffic = await startTraffic(lab, ['ping'], { client: { ping: ['--rate', '100'] } });
    const out = join(disk, 'full.hoplens');
    const options = ['--gateway', agents.url, '--token-file', agents.tokenFile, '--for', '40s'];
    const recorded = await hoplens(['record', '--out', out, ...options]);
    await traffic.stop();
    expect(recorded).toMatchObject({ status: 1, stdout: '' });
    expect(recorded.stderr).toMatch(/^hoplens record: .*(no space|disk is full).*\n.*full\.hoplens: \d+ frames, \d+ bytes/i); // prettier-ignore
    expect(statSync(out).size).toBeGreaterThan(100_000);

    let frames = 0;
    for await (const frame of readFrames(out)) if (frame) frames++;
    expect(frames).toBe(Number(/: (\d+) frames/.exec(recorded.stderr)![1]));
    const replay = startHoplens(['replay', out, '--listen', '127.0.0.1:0']);
    try {
      const traced = await hoplens(['trace', '--gateway', await servedAt(replay), '--json', '--for', '30s', 'icmp']);
      expect(traced.status).toBe(0);
      expect(traced.stdout.split('"type":"path"').length).toBeGreaterThan(50);
    } finally {
      await replay.end();
    }
  });
});
