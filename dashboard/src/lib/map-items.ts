/** What can be pointed at on the map, in the order in which keys go through it, and what it says. */
import { formatCount, formatNs, formatShare, formatWire, round3 } from '../../../agent/trace/numbers.ts';
import type { Compared, MapDevice, MapFrame, MapGroup, MapLink, MapLoss, MapView } from '../worker/map/view.ts';
import { formatBitRate } from './format.ts';
import { deviceOrder } from './map-layout.ts';

export interface MapItem {
  id: string;
  /** Up and down go from part to part: one for each node, and the wires. */
  part: number;
  /** What it is, for those who hear it; no figures, which change all the time. */
  label: string;
  words: string[];
  /** In full, with figures. */
  describe: () => string;
}

export const frameName = ({ node }: Pick<MapFrame, 'node'>): string => node || 'not measured';

export const groupLabel = ({ label, count, kind }: MapGroup): string =>
  label === '' ? countOf(count, kind) : count === 1 ? label : `${label} ×${formatCount(count)}`;

const countOf = (count: number, kind: MapGroup['kind']): string =>
  `${formatCount(count)} ${kind === 'pod' ? 'pod' : 'address'}${count === 1 ? '' : kind === 'pod' ? 's' : 'es'}`;

export function itemsOf({ frames, links, losses }: MapView): MapItem[] {
  const names = namesOf(frames);
  const frameOf = new Map(
    frames.flatMap(({ groups, devices }, at) => [...groups, ...devices].map(({ id }) => [id, at])),
  );
  const name = (id: string): string => names.get(id) ?? '';
  const within = links.filter(({ isWire, from, to }) => !isWire && from !== to);
  const wires = links.filter(({ isWire }) => isWire);
  return [
    ...frames.flatMap((frame, part) => [
      ...frameItems(frame, part, links),
      ...within.filter(({ from }) => frameOf.get(from) === part).map((link) => linkItem(link, part, name)),
      ...losses.filter(({ at }) => frameOf.get(at) === part).map((loss) => lossItem(loss, part, name)),
    ]),
    ...wires.map((link) => linkItem(link, frames.length, name)),
  ];
}

const namesOf = (frames: readonly MapFrame[]): Map<string, string> =>
  new Map(
    frames.flatMap((frame) => [
      ...frame.groups.map((group): [string, string] => [group.id, `${groupLabel(group)} on ${frameName(frame)}`]),
      ...frame.devices.map(({ id, name }): [string, string] => [id, `${frameName(frame)} ${name}`]),
    ]),
  );

function frameItems(frame: MapFrame, part: number, links: readonly MapLink[]): MapItem[] {
  const { node, state, groups, devices } = frame;
  const what = `${frameName(frame)}${state === 'up' || node === '' ? '' : `, ${stateText[state]}`}`;
  const words = node === '' ? [] : [`node:${node}`];
  return [
    { id: frameId(frame), part, label: what, words, describe: () => `${what}: ${contentOf(frame)}` },
    ...groups
      .toSorted((a, b) => a.slot - b.slot)
      .map((group) => groupItem(group, part)),
    ...devices.toSorted(deviceOrder).map((device) => deviceItem(device, frame, part, links)),
  ]; // prettier-ignore
}

export const frameId = ({ node }: Pick<MapFrame, 'node'>): string => `frame ${node}`;

const stateText = { silent: 'silent', down: 'down', unseen: 'no agent', up: '' } as const;

const contentOf = ({ groups, devices }: MapFrame): string =>
  [
    countOf(groups.filter(({ kind }) => kind === 'pod').reduce((all, { count }) => all + count, 0), 'pod'),
    ...devices.toSorted(deviceOrder).map(({ name }) => name),
  ].join(', '); // prettier-ignore

function groupItem(group: MapGroup, part: number): MapItem {
  const { id, title, device, count, words } = group;
  const said = title === '' || count > 1 ? `${groupLabel(group)}${title ? `, ${title}` : ''}` : title;
  return { id, part, label: said, words, describe: () => (device ? `${said}, behind ${device}` : said) };
}

function deviceItem({ id, name, kind, words }: MapDevice, frame: MapFrame, part: number, links: readonly MapLink[]): MapItem {
  const said = `${frameName(frame)} ${name}, ${kind}`;
  const own = links.find(({ from, to }) => from === id && to === id);
  return { id, part, label: said, words, describe: () => (own ? `${said}, queue: ${figures(own)}` : said) };
} // prettier-ignore

function linkItem(link: MapLink, part: number, name: (id: string) => string): MapItem {
  const said = `${name(link.from)} – ${name(link.to)}${link.isTunnel ? ', in a tunnel' : ''}`;
  const nat = link.nat.length > 0 ? ` · translates: ${listed(link.nat)}` : '';
  return {
    id: link.id,
    part,
    label: said,
    words: link.words,
    describe: () => `${said}: ${figures(link)}${wayText(link, name)}${nat}`,
  };
}

function lossItem({ id, at, count, texts, words }: MapLoss, part: number, name: (id: string) => string): MapItem {
  const said = `lost behind ${name(at)}`;
  return { id, part, label: said, words, describe: () => `${formatCount(count)} × ${listed(texts)}` };
}

const MOST_LISTED = 3;
const listed = (texts: readonly string[]): string =>
  texts.slice(0, MOST_LISTED).join(', ') +
  (texts.length > MOST_LISTED ? ` and ${formatCount(texts.length - MOST_LISTED)} more` : '');

export function figures(link: MapLink): string {
  const rate = `≈ ${formatBitRate(link.bytesPerSecond)}, n ${formatCount(link.packets)}`;
  if (!link.isSeen) return `${rate}, times unknown: no hop at the other end`;
  return [rate, ...timesText(link), standingText(link)].join(', ');
}

export function timesText({ isWire, p50Ns, p99Ns, boundNs }: MapLink): string[] {
  if (Number.isNaN(p50Ns) || (isWire && Number.isNaN(boundNs))) return ['times unknown'];
  const time = (timeNs: number): string => (isWire ? formatWire(timeNs, boundNs) : formatNs(timeNs));
  const bound = isWire && boundNs > 0 ? ` ±${formatNs(boundNs)}` : '';
  return [`p50 ${time(p50Ns)}${bound}`, `p99 ${time(p99Ns)}`];
}

/** Which way it is slow. */
function wayText({ from, to, slowTo, shared }: MapLink, name: (id: string) => string): string {
  if (from === to || slowTo.length === 0) return '';
  const back = shared > 0 ? '; of the way back clocks do not tell, for they share this out between both' : '';
  return slowTo.length > 1 ? ', both ways' : `, towards ${name(slowTo[0])} alone${back}`;
}

const SHARED_TEXT =
  'clocks give it a share of what the other way takes longer: whether it is slow itself cannot be told';

/** Against its own normal. */
export function standingText({ compared, slow, shared, times }: Compared): string {
  if (compared === 0) return 'no normal known yet';
  if (slow === 0) return shared > 0 ? SHARED_TEXT : 'as normal';
  return `${round3(times)} times its normal for ${formatShare(slow, compared)} of the packets`;
}

export type Standing = 'unknown' | 'normal' | 'slow' | 'shared';
export function standingOf({ compared, slow, shared }: Compared): Standing {
  if (compared === 0) return 'unknown';
  if (slow > 0) return 'slow';
  return shared > 0 ? 'shared' : 'normal';
}

/** The item that a key leads to from another; undefined where the key is none of these. */
export function itemAfter(items: readonly MapItem[], id: string | undefined, key: string): string | undefined {
  const at = Math.max(
    0,
    items.findIndex((item) => item.id === id),
  );
  const part = (items[at] as MapItem | undefined)?.part ?? 0;
  const to: Record<string, () => number> = {
    ArrowRight: () => Math.min(items.length - 1, at + 1),
    ArrowLeft: () => Math.max(0, at - 1),
    ArrowDown: () => orHere(items.findIndex((item) => item.part > part), at),
    ArrowUp: () => orHere(items.findIndex((item) => item.part === (items[firstOf(items, part) - 1] as MapItem | undefined)?.part), firstOf(items, part)),
    Home: () => 0,
    End: () => items.length - 1,
  }; // prettier-ignore
  return Object.hasOwn(to, key) ? items[to[key]()]?.id : undefined;
}

const firstOf = (items: readonly MapItem[], part: number): number => items.findIndex((item) => item.part === part);
const orHere = (found: number, at: number): number => (found < 0 ? at : found);
