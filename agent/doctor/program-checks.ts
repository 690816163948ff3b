/** Other people's programs of tc and tcx, and whether they stand before ours. Pure. */
import type { Program } from '../kernel/library.ts';
import { counted } from '../trace/numbers.ts';
import { ok, warning, type Check } from './check.ts';
import type { DoctorDevice } from './device-checks.ts';
import type { Loaded } from './examined.ts';

/** Those that run before an agent's: one that runs shows where, one that comes takes the head of its kind of hooks. */
function before(programs: Program[], hooks: Loaded['hooks']): Program[] {
  const own = programs.findIndex((program) => program.own);
  if (own >= 0) return programs.slice(0, own);
  return hooks === 'clsact' ? programs.filter((program) => program.hook === 'tcx') : [];
}

const directions = ['ingress', 'egress'] as const;

/** @param isAgentHere one that runs: where only CAP_SYS_ADMIN may know names, its programs are among the nameless */
export function checkForeign(devices: DoctorDevice[], hooks: Loaded['hooks'], isAgentHere: boolean): Check[] {
  const watched = devices.filter((device) => device.watched && device.programs);
  const all = watched.flatMap(({ programs }) => [...programs!.ingress, ...programs!.egress]);
  const foreign = all.filter((program) => !program.own);
  if (foreign.length === 0) return [ok('foreign-programs', 'nobody else has programs at watched devices')];
  if (isAgentHere && !all.some((program) => program.own))
    return [ok('foreign-programs', `${counted(all.length, 'program')}, the running agent's among them: only CAP_SYS_ADMIN may know which`)]; // prettier-ignore
  const early = watched.flatMap((device) =>
    directions.flatMap((direction) => {
      const programs = before(device.programs![direction], hooks);
      return programs.length > 0 ? [earlier(device.name, direction, programs)] : [];
    }),
  );
  return early.length > 0 ? early : [ok('foreign-programs', `${counted(foreign.length, 'program')} of others, all behind ours`)]; // prettier-ignore
}

function earlier(device: string, direction: string, programs: Program[]): Check {
  const names = programs.map(({ name, hook }) => name || hook).join(', ');
  const what = `at ${device} ${direction} others stand before us: ${names}`;
  return warning('foreign-programs', what, 'what they drop, redirect or change is not seen as it came; start the agent after them'); // prettier-ignore
}
