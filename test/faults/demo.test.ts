/** `npm run demo` as it is started: whatever ends it, nothing of it stays. */
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonPath } from '../../agent/paths/json.ts';
import type { JsonChange } from '../../agent/trace/changes.ts';
import type { Summary } from '../../agent/paths/counting.ts';
import { createLab, labMissing } from '../lab/index.ts';
import { startAgents } from '../lab/agents.ts';
import { processesOf } from '../lab/remove.ts';
import { run } from '../lab/run.ts';
import { processStartTime, readState, stateFolder, type LabState } from '../lab/state.ts';
import { start, until, type Running } from './tools.ts';

const [missing] = await labMissing();
const command = [process.execPath, fileURLToPath(new URL('../../.build/demo.mjs', import.meta.url))];

interface Demo {
  running: Running;
  state: LabState;
  /** Of everything that ran in its lab when it was up, by process id. */
  startTimes: Map<number, string>;
}

/** The demo once its traffic runs. */
async function startDemo(args: string[] = [], detached = false): Promise<Demo> {
  const running = start([...command, ...args], detached);
  const id = await until('its lab', () => /^lab (\w+):/m.exec(running.stderr())?.[1]);
  await until('its traffic', () => running.stderr().includes('traffic: '));
  const state = readState(id)!;
  const startTimes = new Map(processesOf(state).map((pid) => [pid, processStartTime(pid)!]));
  // Two agents, five clients, four servers (the kernel answers pings), and ping itself.
  expect(startTimes.size).toBeGreaterThanOrEqual(2 + 5 + 4);
  return { running, state, startTimes };
}

/** Namespaces and files that a demo left. */
function kept({ state }: Demo): string[] {
  const namespaces = state.namespaces.filter((name) => existsSync(`/run/netns/${name}`));
  return [...namespaces, ...readdirSync(stateFolder).filter((name) => name.startsWith(`${state.id}.`))];
}

/** Processes that a demo left. */
const still = ({ startTimes }: Demo): number[] =>
  [...startTimes].filter(([pid, time]) => processStartTime(pid) === time).map(([pid]) => pid);

/** Nothing is left. Of a process that is killed the kernel may still be closing what it held. */
async function isGone(demo: Demo): Promise<void> {
  expect(kept(demo)).toEqual([]);
  await expect.poll(() => still(demo), { timeout: 5000 }).toEqual([]);
}

describe.skipIf(missing !== undefined)(`the demo (needs a machine for labs; missing: ${missing})`, () => {
  it('ends by itself after --for, prints JSON lines and a summary, and leaves nothing', async () => {
    const demo = await startDemo(['--for', '5s', '--json']);
    await once(demo.running.child, 'close');
    expect(demo.running.child.exitCode, demo.running.stderr()).toBe(0);
    const lines = demo.running.stdout().trim().split('\n').map((line) => JSON.parse(line) as JsonPath | JsonChange | Summary); // prettier-ignore
    const summary = lines.pop();
    if (summary?.type !== 'summary') throw new Error('the last line is no summary');
    expect(lines.every(({ type }) => type === 'path' || type === 'change')).toBe(true);
    expect(lines.length).toBeGreaterThan(100);
    expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    await isGone(demo);
  });

  it.each(['the demo alone', 'all that the terminal runs'])('Ctrl-C to %s leaves nothing', async (whom) => {
    const demo = await startDemo(['--json'], true);
    await until('paths', () => demo.running.stdout().includes('"type":"path"'));
    const { pid } = demo.running.child;
    process.kill(whom === 'the demo alone' ? pid! : -pid!, 'SIGINT');
    await once(demo.running.child, 'close');
    expect(demo.running.child.exitCode, demo.running.stderr()).toBe(0);
    await isGone(demo);
  });

  it('Ctrl-C while it starts leaves nothing, and is called no failure', async () => {
    const running = start(command, true);
    const id = await until('its lab', () => /^lab (\w+):/m.exec(running.stderr())?.[1]);
    const state = readState(id)!;
    await until('a process in it', () => processesOf(state).length > 0);
    const startTimes = new Map(processesOf(state).map((pid) => [pid, processStartTime(pid)!]));
    process.kill(-running.child.pid!, 'SIGINT');
    await once(running.child, 'close');
    expect(running.stderr()).not.toContain('failed');
    await isGone({ running, state, startTimes });
  });

  it('what a kill -9 leaves, agents included, the next start removes', async () => {
    const demo = await startDemo();
    expect(await demo.running.end('SIGKILL')).toBeNull();
    expect(kept(demo)).toEqual(expect.arrayContaining(demo.state.namespaces));
    const next = await startDemo();
    await isGone(demo);
    await next.running.end('SIGINT');
    await isGone(next);
  });

  it('a taken port is named, and nothing stays', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using lab = await createLab('flannel-vxlan', { signals: false });
    await expect(startAgents(lab, { port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    expect(processesOf(lab.state)).toEqual([]);
    server.close();
  });
});

describe('the demo, wrongly used', () => {
  it.each([
    { args: ['--bogus'], says: /--bogus/ },
    { args: ['--for', 'soon'], says: /number with ms, s, m or h/ },
    { args: ['extra'], says: /extra/ },
  ])('$args', async ({ args, says }) => {
    const result = await run([...command, ...args], { allowFailure: true });
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toMatch(/npm run demo -- \[--for 30s\]/);
  });
});
