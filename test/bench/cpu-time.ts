/** CPU time that `work` took of this process, its garbage collector's and compiler's threads included, in seconds. */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
