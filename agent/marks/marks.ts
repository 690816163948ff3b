/** What changed on the nodes, as their frames tell it: a second, a node, and a few words. Bounded. */
import type { ClockSummary } from '../paths/counting.ts';
import { formatCount } from '../trace/numbers.ts';
import type { Changes, ClusterNames, Device, Hello, NamesMessage, Status } from '../wire/messages.ts';
import { ruleTexts, routeTexts, tableText, type TableChange } from './changes.ts';
import type { Listener } from './nodes.ts';

export interface Mark {
  second: number;
  kind: 'agent' | 'device' | 'sampling' | 'name' | 'clock' | 'route' | 'rule';
  /** Empty of names, which are no one node's. */
  node: string;
  text: string;
}

export interface Marks extends Listener {
  /** Once a second: what is known of the clocks, by node. */
  clocks(clocks: Readonly<Record<string, Pick<ClockSummary, 'source'>>>, nowMs: number): void;
  /** In seconds, the last not included. */
  within: (span: { from: number; to: number }) => Mark[];
  /** Those that by now say all they will, each once. */
  settled(nowMs: number): Mark[];
}

export const markText = ({ node, text }: Mark): string => (node === '' ? text : `${node}: ${text}`);

/** Of each kind: one that never rests leaves the others room. */
const MAX_MARKS = 1000;
/** Several agents tell of the same names, and one sync of many rules may take two statuses. */
const ECHO_SECONDS = 10;

interface Known {
  hello: Hello;
  devices: Map<number, Device>;
  statusNs: number;
  exponent: number | undefined;
}

export function createMarks(): Marks {
  const marks: Mark[] = [];
  const nodes = new Map<string, Known>();
  const clockSources = new Map<string, string>();
  /** Tables of nftables that changed just now, by node. */
  const tables = new Map<string, { mark: Mark; change: TableChange }>();
  const told = new WeakSet<Mark>();
  /** By node, what its file names and what Kubernetes does: each begins with its first message. */
  const pods = new Map<string, ReadonlyMap<string, string>>();

  function note(nowMs: number, kind: Mark['kind'], node: string, text: string): void {
    const second = Math.floor(nowMs / 1000);
    const isEcho = (mark: Mark): boolean =>
      mark.text === text && mark.node === node && second - mark.second < ECHO_SECONDS;
    if (!marks.some(isEcho)) add({ second, kind, node, text });
  }

  function add(mark: Mark): void {
    marks.push(mark);
    const alike = marks.filter(({ kind }) => kind === mark.kind);
    if (alike.length > MAX_MARKS) marks.splice(marks.indexOf(alike[0]), 1);
  }

  /** A table that goes on changing is one mark that counts on. */
  function noteTable(node: string, news: TableChange, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    for (const [key, { mark }] of tables) if (second - mark.second >= ECHO_SECONDS) tables.delete(key);
    const key = `${node}\n${news.family}\n${news.table}`;
    const known = tables.get(key);
    const change = known ? plus(known.change, news) : news;
    const mark = known?.mark ?? { second, kind: 'rule', node, text: '' };
    mark.text = tableText(change);
    tables.set(key, { mark, change });
    if (!known) add(mark);
  }

  function takeChanges(node: string, { devices }: Known, { routes, rules }: Changes, nowMs: number): void {
    const nameOf = (ifindex: number): string | undefined => devices.get(ifindex)?.name;
    for (const text of routes ? routeTexts(routes, nameOf) : []) note(nowMs, 'route', node, text);
    for (const text of rules ? ruleTexts(rules) : []) note(nowMs, 'rule', node, text);
    for (const table of rules?.tables ?? []) noteTable(node, { ...table, isCut: rules?.isCut ?? false }, nowMs);
  }

  function takeHello(node: string, hello: Hello, nowMs: number): void {
    const known = nodes.get(node);
    // Again to each new reader: its devices are those of the beginning, and what follows has those of now.
    if (known?.hello.startedAt === hello.startedAt) return;
    if (known) note(nowMs, 'agent', node, restartText(known.hello, hello));
    nodes.set(node, { hello, devices: byIfindex(hello.devices), statusNs: -Infinity, exponent: undefined });
  }

  function takeDevices(node: string, known: Known, devices: readonly Device[], nowMs: number): void {
    const now = byIfindex(devices);
    const hasBegun = known.statusNs > -Infinity;
    for (const text of hasBegun ? deviceChanges(known.devices, now) : []) note(nowMs, 'device', node, text);
    known.devices = now;
  }

  function takeStatus(node: string, known: Known, status: Status, nowMs: number): void {
    if (status.timeNs <= known.statusNs) return;
    known.statusNs = status.timeNs;
    const exponent = status.exponents.at(-1)?.marks ?? known.exponent;
    if (known.exponent !== undefined && exponent !== known.exponent)
      note(
        nowMs,
        'sampling',
        node,
        `samples 1:${formatCount(2 ** exponent!)}, was 1:${formatCount(2 ** known.exponent)}`,
      );
    known.exponent = exponent;
    const reasons = new Set(status.blind.map(({ reason }) => reason));
    for (const reason of ['ring full', 'capped'] as const)
      if (reasons.has(reason)) note(nowMs, 'sampling', node, `records lost by us (${reason})`);
    const stoodMs = (status.suspended ?? []).reduce((all, { ns }) => all + ns / 1e6, 0);
    if (stoodMs > 0) note(nowMs, 'clock', node, `stood still for ${Math.round(stoodMs)} ms`);
    if (status.changes) takeChanges(node, known, status.changes, nowMs);
  }

  function takeNames(node: string, names: NamesMessage, nowMs: number): void {
    takePods(`${node} file`, names, nowMs);
    if (names.kubernetes) takePods(`${node} kubernetes`, names.kubernetes, nowMs);
  }

  function takePods(source: string, names: ClusterNames, nowMs: number): void {
    const before = pods.get(source);
    const now = podsOf(names);
    if (before) for (const text of podChanges(before, now)) note(nowMs, 'name', '', text);
    pods.set(source, now);
  }

  return {
    message(node, message, nowMs) {
      if (message.type === 'hello') return takeHello(node, message, nowMs);
      const known = nodes.get(node);
      if (!known) return;
      if (message.type === 'devices') takeDevices(node, known, message.devices, nowMs);
      else if (message.type === 'status') takeStatus(node, known, message, nowMs);
      else if (message.type === 'names') takeNames(node, message, nowMs);
    },
    // However short the silence was, each is one: they are no echo of each other.
    away: (node, lastMs) => add({ second: Math.floor(lastMs / 1000), kind: 'agent', node, text: 'agent not heard any more' }), // prettier-ignore
    back: (node, nowMs) => add({ second: Math.floor(nowMs / 1000), kind: 'agent', node, text: 'agent heard again' }),
    clocks(clocks, nowMs) {
      for (const [node, { source = '' }] of Object.entries(clocks)) {
        const before = clockSources.get(node);
        if (before === source || (before === undefined && source === '')) continue;
        clockSources.set(node, source);
        // That it is found at all is the beginning, and no change.
        if (before !== undefined) note(nowMs, 'clock', node, `clock ${source === '' ? 'unknown' : `known from ${source}`}`); // prettier-ignore
      }
    },
    within: ({ from, to }) => marks.filter(({ second }) => second >= from && second < to),
    settled(nowMs) {
      const second = Math.floor(nowMs / 1000);
      const counting = new Set([...tables.values()].map(({ mark }) => mark).filter((mark) => second - mark.second < ECHO_SECONDS)); // prettier-ignore
      const settled = marks.filter((mark) => !told.has(mark) && !counting.has(mark));
      for (const mark of settled) told.add(mark);
      return settled;
    },
  };
}

const plus = (a: TableChange, b: TableChange): TableChange => ({
  ...b,
  changes: a.changes + b.changes,
  isCut: a.isCut || b.isCut,
});

function restartText(before: Hello, now: Hello): string {
  if (before.kernel.bootId !== now.kernel.bootId) return 'the node started again';
  return before.hoplens === now.hoplens ? 'agent started again' : `agent started again, now ${now.hoplens}`;
}

const byIfindex = (devices: readonly Device[]): Map<number, Device> =>
  new Map(devices.map((device) => [device.ifindex, device]));

function deviceChanges(before: ReadonlyMap<number, Device>, now: ReadonlyMap<number, Device>): string[] {
  const gone = [...before.values()].filter(({ ifindex }) => !now.has(ifindex));
  return [
    ...gone.map(({ name, kind }) => `${name} (${kind}) is gone`),
    ...[...now.values()].flatMap((device) => deviceChange(before.get(device.ifindex), device)),
  ];
}

function deviceChange(before: Device | undefined, now: Device): string[] {
  if (!before) return [`${now.name} (${now.kind}) is new`];
  const foreign = ({ foreignPrograms }: Device): number => foreignPrograms.ingress + foreignPrograms.egress;
  const came = now.addresses.filter((address) => !before.addresses.includes(address));
  const went = before.addresses.filter((address) => !now.addresses.includes(address));
  return [
    ...(before.name === now.name ? [] : [`${before.name} is called ${now.name}`]),
    ...(before.up === now.up ? [] : [`${now.name} is ${now.up ? 'up' : 'down'}`]),
    ...(before.mtu === now.mtu ? [] : [`${now.name} has MTU ${now.mtu}, was ${before.mtu}`]),
    ...(before.attached === now.attached ? [] : [`${now.name} is ${now.attached ? '' : 'not '}watched`]),
    ...(foreign(before) === foreign(now)
      ? []
      : [`${now.name}: programs of others ${foreign(before)} ▸ ${foreign(now)}`]),
    ...came.map((address) => `${now.name} has ${address}`),
    ...went.map((address) => `${now.name} lost ${address}`),
  ];
}

const podsOf = ({ pods }: ClusterNames): Map<string, string> =>
  new Map(
    pods.map(({ name, namespace, addresses }) => [namespace ? `${namespace}/${name}` : name, addresses.join(', ')]),
  );

function podChanges(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const gone = [...before.keys()].filter((pod) => !now.has(pod)).map((pod) => `pod ${pod} is gone`);
  const others = [...now].flatMap(([pod, addresses]) => {
    const was = before.get(pod);
    if (was === addresses) return [];
    return [was === undefined ? `pod ${pod} is new: ${addresses}` : `pod ${pod} has ${addresses}, was ${was}`];
  });
  return [...gone, ...others];
}
