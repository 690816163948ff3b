/** What times on this host are worth. Pure. */
import { realtimeErrorNs } from '../kernel/realtime.ts';
import type { Timex } from '../kernel/memory.ts';
import { formatNs, round3 } from '../trace/numbers.ts';
import { ok, warning, type Check } from './check.ts';

/** Reading one of these takes a microsecond or more, and each record reads it. */
const slow = ['hpet', 'acpi_pm', 'jiffies', 'refined-jiffies'];

export function checkClocksource(name: string): Check {
  if (name === '') return warning('clocksource', 'the kernel does not say by what it keeps time', 'mount /sys');
  if (!slow.includes(name)) return ok('clocksource', name);
  const what = `time is kept by ${name}, which takes microseconds to read: times between near devices are blurred`;
  return warning('clocksource', what, 'see why the kernel does not use tsc (dmesg | grep clocksource)');
}

export function checkSynchronised(timex: Timex): Check {
  const traffic = 'times between nodes then rest on traffic in both directions alone';
  if (timex.state < 0)
    return warning('ntp', `the kernel may not be asked for the clock's state (adjtimex): ${traffic}`, 'allow adjtimex() in the seccomp profile'); // prettier-ignore
  const errorNs = realtimeErrorNs(timex);
  if (errorNs === undefined)
    return warning(
      'ntp',
      `nobody keeps CLOCK_REALTIME in step: ${traffic}`,
      'run chrony, or another NTP or PTP client',
    );
  const frequency = `${timex.frequencyPpm < 0 ? '-' : '+'}${round3(Math.abs(timex.frequencyPpm))} ppm`;
  return ok('ntp', `CLOCK_REALTIME is kept in step, at most ${formatNs(errorNs)} wrong (frequency ${frequency})`);
}

export function checkTimestamps(value: string): Check {
  if (value === '') return warning('tcp-timestamps', 'net.ipv4.tcp_timestamps cannot be read', 'mount /proc');
  if (value !== '0') return ok('tcp-timestamps', 'on (net.ipv4.tcp_timestamps; each pod has its own)');
  const what = 'off in this network namespace (net.ipv4.tcp_timestamps = 0), and each pod has its own';
  return warning('tcp-timestamps', what, 'switch them on: without them packets that are sent again are ambiguous longer, and clocks find less'); // prettier-ignore
}

/** Only where the probe is asked for. */
export function checkProbe(ipNoPmtuDisc: string): Check {
  if (ipNoPmtuDisc === '0') return ok('probe', 'its datagrams are followed at any load');
  const what = `net.ipv4.ip_no_pmtu_disc is ${ipNoPmtuDisc || 'not readable'}: a busy node may sample its datagrams away`;
  return warning('probe', what, 'set it to 0');
}
