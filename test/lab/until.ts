/** Under emulation all is ten times slower and its speed means nothing. */
export const isEmulated = process.env['HOPLENS_EMULATED'] !== undefined;

/** Waits for a condition, never for a time. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = Date.now() + limitMs * (isEmulated ? 10 : 1);
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
