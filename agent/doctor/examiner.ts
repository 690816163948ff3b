/** Runs the examination and gathers what it tells, however it ends. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Answer } from './check.ts';
import type { Answers, Examined, ExamineRequest, Told } from './examined.ts';

/** Loading the programs takes about a second where nothing is wrong, and some more on a slow machine. */
const LIMIT_MS = 30_000;

const facts: (keyof Examined)[] = [
  'library', 'timex', 'claimed', 'snapshot', 'offloads', 'loaded', 'filtering', 'programs',
]; // prettier-ignore

/** What it did not tell is an error with the reason why it ended. */
export async function runExamination(file: string, request: ExamineRequest, limitMs = LIMIT_MS): Promise<Answers> {
  const child = fork(file, [JSON.stringify(request)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  const told: Partial<Record<keyof Examined, Answer<unknown>>> = {};
  child.on('message', ({ fact, answer }: Told) => (told[fact] = answer));
  const reason = await reasonOfEnd(child, limitMs);
  return answersOf(told, { code: 'ended', message: causeOf(told) ?? reason });
}

/** What was not told is this error. */
export const answersOf = (
  told: Partial<Record<keyof Examined, Answer<unknown>>>,
  error: { code: string; message: string },
): Answers => Object.fromEntries(facts.map((fact) => [fact, told[fact] ?? { error }])) as Answers;

/** What others rest on. */
function causeOf({ library, loaded }: Partial<Record<keyof Examined, Answer<unknown>>>): string | undefined {
  if (library && 'error' in library) return 'the library does not load';
  if (loaded && 'error' in loaded) return 'the kernel programs do not load';
  return undefined;
}

/** Waits for the end of the process and puts it in words. */
async function reasonOfEnd(child: ChildProcess, limitMs: number): Promise<string> {
  let said = '';
  let isLate = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 16_384)));
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limitMs);
  const ending = await once(child, 'close').catch((error: Error) => error);
  clearTimeout(timer);
  if (ending instanceof Error) return `the examination could not be started: ${ending.message}`;
  if (isLate) return `the examination took longer than ${limitMs / 1000} s`;
  const [code, signal] = ending as [number | null, NodeJS.Signals | null];
  if (signal === 'SIGSYS') return 'a seccomp filter killed the examination (SIGSYS)';
  const words = /^\w*Error.*|^panic.*|^fatal error.*/m.exec(said)?.[0] ?? said.trim().split('\n')[0];
  return `the examination ended with ${signal ?? code}${words ? `: ${words}` : ''}`;
}
