// Runs one program of a step: its output is kept, its time limited, and nothing of it left running.
import { spawn } from 'node:child_process';

export interface Ended {
  readonly ok: boolean;
  /** stdout alone, for those who print JSON there. */
  readonly out: string;
  /** Both streams as they came. */
  readonly all: string;
}

export interface Execution {
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly limitMs?: number;
}

const running = new Set<number>();

/** Ends the groups of everything that still runs. */
export function endAll(): void {
  for (const group of running) endGroup(group);
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** Never rejects: a program that cannot be started has failed. */
export function execute(program: string, options: readonly string[], how: Execution = {}): Promise<Ended> {
  const { folder, environment = process.env, limitMs = 600_000 } = how;
  // Its own process group, so that children of children end with it.
  const child = spawn(program, options, {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void (out.push(chunk), all.push(chunk)));
  child.stderr.on('data', (chunk: Buffer) => void all.push(chunk));
  return new Promise((resolve) => {
    const end = (ok: boolean, remark = ''): void => {
      clearTimeout(timer);
      if (child.pid) running.delete(child.pid);
      resolve({ ok, out: Buffer.concat(out).toString(), all: Buffer.concat(all).toString() + remark });
    };
    const timer = setTimeout(() => {
      if (child.pid) endGroup(child.pid);
      end(false, `\nended by the runner after ${limitMs / 1000} s\n`);
    }, limitMs);
    if (child.pid) running.add(child.pid);
    child.on('error', (error) => end(false, `${error.message}\n`));
    child.on('close', (code) => end(code === 0));
  });
}
