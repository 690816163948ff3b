/** Standard output may break while something is being told. */

export interface Stdout {
  /** Aborted when nothing can be written any more. */
  broken: AbortSignal;
  /** A reader that goes away (`| head`) is no failure, a full disk is one; undefined while nothing broke. */
  exitCode(): 0 | 1 | undefined;
}

export function watchStdout(say: (line: string) => void): Stdout {
  const controller = new AbortController();
  let exitCode: 0 | 1 | undefined;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (exitCode !== undefined) return;
    exitCode = code === 'EPIPE' ? 0 : 1;
    if (exitCode === 1) say(`cannot write any further: ${message}`);
    controller.abort();
  });
  return { broken: controller.signal, exitCode: () => exitCode };
}
