/** A claim is printed with what was seen, or with why it does not hold. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `see` gives what it saw, or undefined where it saw nothing such. */
export async function claim(
  name: string,
  see: () => string | undefined | Promise<string | undefined>,
): Promise<boolean> {
  try {
    const seen = await see();
    say(seen === undefined ? `FAIL  ${name}: nothing such was seen` : `ok    ${name}: ${seen}`);
    return seen !== undefined;
  } catch (error) {
    say(`FAIL  ${name}: ${(error as Error).message}`);
    return false;
  }
}

/** Runs a check on a folder of somebody's scripts; its exit code counts the claims that failed. */
export async function checkFolder(usage: string, check: (folder: string) => Promise<number>): Promise<void> {
  const folder = process.argv[2];
  if (folder === undefined) {
    process.stderr.write(`usage: ${usage}\n`);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await check(folder).catch((error: unknown) => {
    say(`FAIL  ${(error as Error).message}`);
    return 1;
  });
}
