/** 2026-11-26T12:16:19.045123456Z */
export function isoOf(timeNs: bigint): string {
  const seconds = timeNs / 1_000_000_000n;
  const rest = String(timeNs % 1_000_000_000n).padStart(9, '0');
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', `.${rest}Z`);
}
