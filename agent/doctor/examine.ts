/**
 * The part of `hoplens doctor` that loads koffi and Go: a process of its own, for what it may die of (a seccomp filter that kills, a
 * library for another machine) or hang in is a finding. Each answer goes out as soon as it is known. It attaches nothing to devices
 * and leaves an agent that runs here alone.
 */
import { cpus } from 'node:os';
import { loadLibrary, type Library, type NetlinkEvent } from '../kernel/library.ts';
import { readTimex } from '../kernel/memory.ts';
import { ringBytesFor } from '../kernel/session.ts';
import { answerOf, isFound } from './check.ts';
import type { Examined, ExamineRequest, Loaded, ProgramsAt, Told } from './examined.ts';

/** Beside an agent, whose limit of memory it may share: the programs are the same whatever their maps hold. */
const SMALLEST = { ringBytes: 1 << 16, maxDevices: 1 };

async function tell<K extends keyof Examined>(fact: K, look: () => Examined[K] | Promise<Examined[K]>) {
  const answer = await answerOf(look);
  process.send!({ fact, answer } satisfies Told);
  return isFound(answer) ? answer.value : undefined;
}

const linksOf = (events: NetlinkEvent[]) => events.filter((event) => event.type === 'link');

function open(library: Library, { budget, maxDevices, hooks }: ExamineRequest, isBeside: boolean): Loaded {
  const size = isBeside ? SMALLEST : { ringBytes: ringBytesFor(budget, cpus().length), maxDevices };
  const opened = library.open({ ...size, hooks, drops: true, queues: true, examine: true });
  const { drops, queues, rules } = opened;
  return {
    hooks: opened.hooks,
    drops: { ...(drops.missing !== undefined && { missing: drops.missing }), pages: drops.pages },
    queues,
    rules: { ...(rules.missing !== undefined && { missing: rules.missing }) },
  };
}

async function programsAt(library: Library, events: NetlinkEvent[]): Promise<Record<number, ProgramsAt>> {
  const found: Record<number, ProgramsAt> = {};
  for (const { ifindex } of linksOf(events)) {
    // One that went meanwhile has none.
    const answer = await answerOf(() => library.foreign({ ifindex }));
    if (isFound(answer)) found[ifindex] = answer.value;
  }
  return found;
}

async function offloadsOf(library: Library, events: NetlinkEvent[]): Promise<Examined['offloads']> {
  const found: Examined['offloads'] = {};
  for (const { name } of linksOf(events)) {
    const answer = await answerOf(() => library.offloads({ name }));
    if (isFound(answer)) found[name] = answer.value;
  }
  return found;
}

async function examine(request: ExamineRequest): Promise<void> {
  await tell('timex', readTimex);
  let loaded: Library | undefined;
  await tell('library', () => !!(loaded = loadLibrary(request.libraryFile)));
  const library = loaded;
  if (!library) return;
  const isBeside = await tell('claimed', () => library.claimed());
  const events = (await tell('snapshot', () => library.snapshot())) ?? [];
  await tell('offloads', () => offloadsOf(library, events));
  if (!(await tell('loaded', () => open(library, request, isBeside === true)))) return;
  await tell('filtering', () => library.filter({ expression: 'tcp port 80' }));
  await tell('programs', () => programsAt(library, events));
  await library.close();
}

await examine(JSON.parse(process.argv[2]) as ExamineRequest);
process.disconnect();
