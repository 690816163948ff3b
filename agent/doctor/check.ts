/** One finding: what was looked at, how it is, the fact that was seen, and what to do about it. */

export type State = 'ok' | 'warning' | 'problem';

export interface Check {
  /** Public and stable: see README. Some come once for each device that they are about. */
  name: string;
  /**
   * `problem`: an agent does not start or sees nothing, or packets are lost whoever watches. `warning`: less is seen, or less
   * well.
   */
  state: State;
  found: string;
  /** Null where there is nothing to do. */
  advice: string | null;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, advice: null });
export const warning = (name: string, found: string, advice: string): Check => ({ name, state: 'warning', found, advice }); // prettier-ignore
export const problem = (name: string, found: string, advice: string): Check => ({ name, state: 'problem', found, advice }); // prettier-ignore

/** What a part of the examination found, or why it found nothing. */
export type Answer<T> = { value: T } | { error: { code: string; message: string } };

export const isFound = <T>(answer: Answer<T>): answer is { value: T } => 'value' in answer;

/** Looks, and makes an answer of what went wrong. */
export async function answerOf<T>(look: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { error: { code: code ?? 'internal', message } };
  }
}

/** What follows from an answer; where there is none, that is the finding. */
export function judge<T>(name: string, answer: Answer<T>, check: (value: T) => Check | Check[]): Check[] {
  if (!isFound(answer))
    return [warning(name, `not known: ${answer.error.message}`, 'it follows from a problem beside it')];
  return [check(answer.value)].flat();
}

/** Nothing here may wait for ever: what takes longer is a finding. */
const LIMIT_MS = 15_000;

/** Looks at one thing; what it throws is a finding, and so is that it takes too long. */
export async function attempt(
  name: string,
  look: () => Check | Check[] | Promise<Check>,
  limitMs = LIMIT_MS,
): Promise<Check[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs / 1000} s`)), limitMs);
  });
  const answer = await answerOf(() => Promise.race([look(), late]));
  clearTimeout(timer);
  if (isFound(answer)) return [answer.value].flat();
  return [problem(name, `looking failed: ${answer.error.message}`, 'report it with this whole output')];
}
