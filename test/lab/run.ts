import { spawn } from 'node:child_process';
import { LabError } from './error.ts';

export interface RunOptions {
  input?: string;
  /** After so many milliseconds the command is killed and counts as failed. */
  timeoutMs?: number;
  /** A non-zero exit status is returned instead of thrown. */
  allowFailure?: boolean;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end.
 * @throws LabError 'missing' if there is no such command, 'failed' if it fails or takes longer than `timeoutMs`
 */
export function run(argv: string[], options: RunOptions = {}): Promise<RunResult> {
  const { input, timeoutMs = 60_000, allowFailure = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new LabError('missing', `the command ${argv[0]} is missing`) : error);
    });
    child.on('close', (status, signal) => {
      if (status === 0 || (allowFailure && status !== null)) resolve({ status: status, stdout, stderr });
      else reject(new LabError('failed', failure(argv, input, status ?? signal!, stderr)));
    });
    child.stdin.on('error', () => undefined); // it ended without reading: its status says why
    child.stdin.end(input ?? '');
  });
}

/** iproute2 says "Command failed -:7" for the seventh line of a batch: show that line. */
function failure(argv: string[], input: string | undefined, status: number | string, stderr: string): string {
  const line = /Command failed -:(\d+)/.exec(stderr)?.[1];
  const batched = line && input ? ` at "${input.split('\n')[Number(line) - 1]}"` : '';
  const said = stderr.trim().split('\n')[0] ?? '';
  return `${argv.join(' ')}${batched} failed (${status})${said ? `: ${said}` : ''}`;
}

/**
 * The same command inside a network namespace. nsenter and not `ip netns exec`: it changes the network namespace
 * only (no mount namespace, /sys stays as it is, a bpffs is reachable) and replaces itself by the command, so the
 * child's process id is the command's.
 */
export const inNamespace = (netns: string, argv: string[]) => ['nsenter', `--net=/run/netns/${netns}`, '--', ...argv];

/** Lines for `ip -batch`, in one namespace or in the machine's own. */
export async function ipBatch(lines: string[], netns?: string): Promise<void> {
  if (lines.length === 0) return;
  const where = netns === undefined ? [] : ['-n', netns];
  await run(['ip', ...where, '-batch', '-'], { input: lines.join('\n') + '\n' });
}
