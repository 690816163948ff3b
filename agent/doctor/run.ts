/** `hoplens doctor`: looks at everything that an agent needs, each thing for itself, and changes nothing. */
import type { AgentOptions } from '../daemon/agent.ts';
import { builtFile } from '../daemon/worker.ts';
import { globToRegExp } from '../kernel/devices.ts';
import { answerOf, attempt, isFound, judge, type Check } from './check.ts';
import { checkClocksource, checkProbe, checkSynchronised, checkTimestamps } from './clock-checks.ts';
import * as devicesOf from './device-checks.ts';
import type { Answers } from './examined.ts';
import { answersOf, runExamination } from './examiner.ts';
import { checkMtu } from './headroom.ts';
import { readHost, type Host } from './host.ts';
import * as kernel from './kernel-checks.ts';
import { checkForeign } from './program-checks.ts';
import type { Findings } from './report.ts';
import * as setUp from './setup-checks.ts';

type Options = Omit<AgentOptions, 'say'>;

/** Without the library there is nothing to examine with. */
async function examine(options: Options): Promise<Answers> {
  const { budget, maxDevices, hooks } = options;
  const files = await answerOf(() => [builtFile('examine.mjs'), builtFile('libhoplens.so')]);
  if (!isFound(files)) return answersOf({}, files.error);
  const [file, libraryFile] = files.value;
  return runExamination(file, { libraryFile, budget, maxDevices, hooks });
}

export async function runDoctor(options: Options): Promise<Findings> {
  const host = readHost();
  const answers = await examine(options);
  const isClaimed = isFound(answers.claimed) && answers.claimed.value;
  const setup = await Promise.all([
    attempt('node', () => setUp.checkNode()),
    attempt('built', setUp.checkBuilt),
    attempt('library', () => setUp.checkLibrary(answers.library)),
    attempt('agent', () => judge('agent', answers.claimed, setUp.checkClaimed)),
    attempt('token', () => setUp.checkToken(options)),
    attempt('listen', () => setUp.checkListen(options, isClaimed)),
    attempt('names', () => setUp.checkNames(options)),
    attempt('kubernetes', () => setUp.checkKubernetes(options)),
  ]);
  const kernelSide = await Promise.all(kernelChecks(host, answers, options));
  const clocks = await Promise.all(clockChecks(host, answers, options));
  const { devices, checks } = await deviceChecks(host, answers, options, isClaimed);
  return {
    hoplens: options.version,
    node: setUp.nodeName(options),
    kernel: host.release,
    checks: [...kernelSide, ...setup, [...checks], ...clocks].flat(),
    devices,
  };
}

function kernelChecks(host: Host, answers: Answers, { drops, queues }: Options): Promise<Check[]>[] {
  const { loaded, filtering } = answers;
  const rest = isFound(loaded) ? loaded : { error: { code: 'not-loaded', message: 'the kernel programs do not load' } };
  return [
    attempt('kernel', () => kernel.checkRelease(host.release)),
    attempt('btf', () => kernel.checkBtf(host.hasBtf)),
    attempt('capabilities', () => kernel.checkCapabilities(host.status)),
    attempt('programs', () => kernel.checkPrograms(loaded, host)),
    attempt('hooks', () => judge('hooks', rest, kernel.checkHooks)),
    attempt('drops', () => judge('drops', rest, (value) => kernel.checkDrops(value, drops))),
    attempt('queues', () => judge('queues', rest, (value) => kernel.checkQueues(value, queues))),
    attempt('rules', () => judge('rules', rest, kernel.checkRules)),
    attempt('filters', () => judge('filters', filtering, kernel.checkFilters)),
  ];
}

const clockChecks = (host: Host, { timex }: Answers, { probeMs }: Options): Promise<Check[]>[] => [
  attempt('clocksource', () => checkClocksource(host.clocksource)),
  attempt('ntp', () => judge('ntp', timex, checkSynchronised)),
  attempt('tcp-timestamps', () => checkTimestamps(host.sysctls.tcp_timestamps)),
  ...(probeMs === undefined ? [] : [attempt('probe', () => checkProbe(host.sysctls.ip_no_pmtu_disc))]),
];

async function deviceChecks(host: Host, answers: Answers, options: Options, isClaimed: boolean) {
  const { snapshot, programs, offloads, loaded } = answers;
  const hooks = isFound(loaded) ? loaded.value.hooks : 'tcx';
  const view = devicesOf.viewOf(isFound(snapshot) ? snapshot.value : []);
  const plain = devicesOf.devicesIn(view);
  const devices = devicesOf.describe(plain, options.devices.map(globToRegExp), programs, offloads);
  const seen = (name: string, check: () => Check | Check[]) => attempt(name, () => judge(name, snapshot, check));
  const checks = await Promise.all([
    attempt('namespace', () => devicesOf.checkNamespace(host, plain)),
    seen('devices', () => devicesOf.checkDevices(devices, options.maxDevices)),
    seen('uplinks', () => devicesOf.checkUplinks(devices)),
    seen('unknown-devices', () => devicesOf.checkUnknown(devices)),
    seen('mtu', () => checkMtu(view, plain)),
    seen('xdp', () => devicesOf.checkXdp(devices)),
    attempt('lro', () => judge('lro', offloads, () => devicesOf.checkLro(devices))),
    attempt('foreign-programs', () =>
      judge('foreign-programs', programs, () => checkForeign(devices, hooks, isClaimed)),
    ),
  ]);
  return { devices, checks: checks.flat() };
}
