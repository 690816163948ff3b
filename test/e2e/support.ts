/** A lab with an agent on every node, and the real command to look at it with. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../agent/paths/counting.ts';
import type { JsonPath } from '../../agent/paths/json.ts';
import type { JsonChange } from '../../agent/trace/changes.ts';
import { hoplensCommand, startAgents, type Agents, type AgentsOptions } from '../lab/agents.ts';
import { createLab, labMissing, type Lab, type LabOptions } from '../lab/index.ts';

export { isEmulated, until } from '../lab/until.ts';

/** Why nothing here can run on this machine; undefined if it can. */
export const missing = await whatIsMissing();

async function whatIsMissing(): Promise<string | undefined> {
  const built = ['hoplens.mjs', 'worker.mjs', 'libhoplens.so'].filter(
    (name) => !existsSync(fileURLToPath(new URL(`../../.build/${name}`, import.meta.url))),
  );
  const btf = existsSync('/sys/kernel/btf/vmlinux') ? [] : ['the kernel’s BTF'];
  return [...(await labMissing({ wire: true })), ...btf, ...built.map((name) => `.build/${name}: npm run build`)][0];
}

export interface Cluster extends AsyncDisposable {
  lab: Lab;
  agents: Agents;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  lab?: LabOptions;
  agents?: AgentsOptions;
}

/** Up when every agent is attached. Who stops it removes all. */
export async function startCluster(topology: string, options: ClusterOptions = {}): Promise<Cluster> {
  const lab = await createLab(topology, { signals: false, ...options.lab });
  try {
    const agents = await startAgents(lab, options.agents);
    const stop = async (): Promise<void> => {
      try {
        await agents.stop();
      } finally {
        await lab.down();
      }
    };
    return { lab, agents, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await lab.down();
    throw error;
  }
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  /** Resolves with stderr when it holds this text. */
  says(text: string): Promise<string>;
  kill(): void;
  ended: Promise<Ended>;
}

/** The command `hoplens` as it was built, in this process's namespace. */
export function startHoplens(args: string[]): Running {
  const [command, ...first] = hoplensCommand();
  const child = spawn(command, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  const heard = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const listener of heard) listener();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (wanted: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (stderr.includes(wanted) && resolve(stderr));
      heard.add(look);
      look();
      void ended.then(() => reject(new Error(`hoplens ${args[0]} ended without saying "${wanted}": ${stderr}`)));
    });
  return { says, kill: () => void child.kill('SIGTERM'), ended };
}

export interface Gateway {
  url: string;
  tokenFile?: string;
}

export interface Traced {
  paths: JsonPath[];
  changes: JsonChange[];
  summary: Summary;
}

/** Runs `hoplens trace --json` to its end. */
export async function trace({ url, tokenFile }: Gateway, args: string[]): Promise<Traced> {
  const token = tokenFile === undefined ? [] : ['--token-file', tokenFile];
  const words = ['trace', '--json', '--gateway', url, ...token, ...args];
  const { code, stdout, stderr } = await startHoplens(words).ended;
  if (code !== 0) throw new Error(`hoplens trace ended with ${code}: ${stderr}`);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as JsonPath | JsonChange | Summary); // prettier-ignore
  const paths = lines.filter((line) => line.type === 'path');
  const changes = lines.filter((line) => line.type === 'change');
  const summary = lines.at(-1);
  if (summary?.type !== 'summary') throw new Error(`hoplens trace printed no summary: ${stdout.slice(-500)}`);
  return { paths, changes, summary };
}
