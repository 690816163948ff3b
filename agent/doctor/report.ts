/** What the doctor found, for a terminal or a bug report. */
import { shown } from '../names/shown.ts';
import { fold, widthsOf } from '../trace/lines.ts';
import { counted } from '../trace/numbers.ts';
import type { Check, State } from './check.ts';
import type { DoctorDevice } from './device-checks.ts';

export interface Findings {
  /** Version of hoplens. */
  hoplens: string;
  node: string;
  /** Release. */
  kernel: string;
  checks: Check[];
  devices: DoctorDevice[];
}

export interface Paper {
  columns: number;
  isColoured: boolean;
}

/** The word says it; the colour only helps to find it. */
const colours: Record<State, number> = { ok: 32, warning: 33, problem: 31 };

/** Below, what was found stands under its name. */
const NARROW = 60;

export function report(findings: Findings, paper: Paper): string[] {
  const { hoplens, node, kernel, checks, devices } = findings;
  return [
    ...fold(`hoplens ${hoplens} · node ${node} · Linux ${kernel}`, paper.columns),
    '',
    ...checks.flatMap(drawer(checks, paper)),
    ...(devices.length > 0 ? ['', ...deviceTable(devices, paper.columns)] : []),
    '',
    verdict(checks),
  ];
}

function drawer(checks: Check[], { columns, isColoured }: Paper): (check: Check) => string[] {
  const nameWidth = Math.max(...checks.map((check) => check.name.length));
  const margin = columns < NARROW ? 3 : 'problem'.length + nameWidth + 4;
  return ({ name, state, found, advice }) => {
    const head = `${state.padEnd('problem'.length)}  ${name}`;
    const body = [found, ...(advice === null ? [] : [`→ ${advice}`])].flatMap((text) => fold(' '.repeat(margin) + shown(text), columns)); // prettier-ignore
    const lines = columns < NARROW ? [head, ...body] : [head.padEnd(margin) + body[0].slice(margin), ...body.slice(1)];
    return isColoured ? [lines[0].replace(state, `\x1b[${colours[state]}m${state}\x1b[0m`), ...lines.slice(1)] : lines;
  };
}

const titles = ['device', 'as', 'MTU', 'addresses and what sits there'];

function deviceTable(devices: DoctorDevice[], columns: number): string[] {
  // A device bears the name that whoever made it liked.
  const rows = devices.map((device) => [device.name, kindOf(device), String(device.mtu), notesOf(device)].map(shown));
  const widths = widthsOf(titles, rows).slice(0, 3);
  const cell = (text: string, at: number): string => (at === 2 ? text.padStart(widths[at]) : text.padEnd(widths[at]));
  const left = (row: string[]): string => row.slice(0, 3).map(cell).join('  ');
  const margin = left(titles).length + 2;
  if (margin > columns - 20) return rows.map((row) => row.filter((text) => text !== '').join(' · ')).flatMap((line) => fold(line, columns)); // prettier-ignore
  return [titles, ...rows].flatMap((row) => {
    const [first, ...rest] = fold(' '.repeat(margin) + row[3], columns);
    return [`${left(row)}  ${first.slice(margin)}`.trimEnd(), ...rest];
  });
}

function kindOf({ kind, linkType, tunnel, watched }: DoctorDevice): string {
  const words = kind === 'other' ? linkType || 'unknown' : kind;
  const port = tunnel ? ` :${tunnel.port}` : '';
  return `${words}${port}${watched ? '' : ' (not watched)'}`;
}

function notesOf({ up, addresses, xdp, programs, offloads }: DoctorDevice): string {
  const foreign = programs ? [...programs.ingress, ...programs.egress].filter((program) => !program.own) : [];
  // Those without a name may be a running agent's.
  const whose = foreign.some((program) => program.name === '') ? '' : ' of others';
  return [
    ...(up ? [] : ['down']),
    ...addresses,
    ...(xdp ? [`XDP ${xdp}`] : []),
    ...(offloads?.lro ? ['LRO'] : []),
    ...(foreign.length > 0 ? [`${counted(foreign.length, 'program')}${whose}`] : []),
  ].join(' · ');
}

function verdict(checks: Check[]): string {
  const count = (state: State): number => checks.filter((check) => check.state === state).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  return `${problems === 0 ? 'no problem' : counted(problems, 'problem')}, ${counted(warnings, 'warning')}, ${count('ok')} ok`;
}
