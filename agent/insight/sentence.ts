/** The insight in words. The same ones stand on the page, in the terminal and in what `doctor` says. */
import { formatCount, formatNs, formatShare, round3 } from '../trace/numbers.ts';
import type { Basis, Finding, Insight } from './explain.ts';
import type { Place } from './places.ts';
import type { Symptom } from './thresholds.ts';

export interface Sentence {
  state: 'learning' | 'thin' | 'quiet' | 'hurts';
  /** What is said first, and what it rests on. */
  head: string;
  rest: string[];
}

/** `clock` tells a wall time as its reader wants it: 14:03:20. */
export function sentenceOf({ findings, basis }: Insight, clock: (ms: number) => string): Sentence {
  if (findings.length > 0) return hurts(findings, basis, clock);
  if (basis.slices < basis.wanted) return learning(basis);
  if (basis.thin.length > 0)
    return { state: 'thin', head: 'Too thin to tell', rest: [...basis.thin, ...unwatchedOf(basis)] };
  return { state: 'quiet', head: 'Nothing stands out', rest: restsOn(basis) };
}

export const lineOf = ({ head, rest }: Sentence): string => [head, ...rest].join(' · ');

function learning({ slices, wanted, thin }: Basis): Sentence {
  const rest = [`${slices} of ${wanted} windows of 10 s to compare with`, ...thin];
  return { state: 'learning', head: 'No baseline yet', rest };
}

/** Nobody knows how it stands there. */
const unwatchedOf = ({ packets, unwatched }: Basis): string[] =>
  unwatched > 0
    ? [`${formatShare(unwatched, packets + unwatched)} of the packets on paths too many to be watched`]
    : [];

const restsOn = (basis: Basis): string[] => [
  `${formatCount(basis.compared)} of ${formatCount(basis.paths)} paths compared`,
  `${formatCount(basis.packets)} packets in 10 s against ${basis.slices * 10} s before`,
  ...joinedOf(basis),
  ...unwatchedOf(basis),
];

const joinedOf = ({ coverage: { joinable, joinableJoined } }: Basis): string[] =>
  joinable > 0 ? [`${formatShare(joinableJoined, joinable)} joined`] : [];

function hurts(findings: readonly Finding[], basis: Basis, clock: (ms: number) => string): Sentence {
  const [first, ...others] = findings;
  return {
    state: 'hurts',
    head: `${describe(first)} since ${clock(first.sinceMs)}`,
    rest: [
      ...figuresOf(first),
      shareOf(first, basis),
      ...others.map((other) => `also ${describe(other)} since ${clock(other.sinceMs)}`),
      ...basis.thin,
      ...unwatchedOf(basis),
    ],
  };
}

const symptoms: Record<Exclude<Symptom, 'loss'>, string> = {
  slow: 'slow',
  fragmented: 'cuts packets into fragments',
  duplicated: 'copies packets',
  retransmitted: 'loses bytes that are sent again',
  reordered: 'changes the order of packets',
  resent: 'sends again what every hop had passed on',
};

/** `wire n2 ▸ n5 slow`, `loss in route of n1: dropped at …`. */
export function describe({ symptom, place, detail }: Finding): string {
  if (symptom === 'unmeasured') return `${place.nodes[0]} is not measured: its agent is silent`;
  if (symptom === 'loss') return detail === '' ? `loss: ${nameOf(place)}` : `loss: ${nameOf(place)}: ${detail}`;
  return `${nameOf(place)} ${symptoms[symptom]}`;
}

/** The place in words. */
export function nameOf({ scope, segment, nodes, device, who }: Place): string {
  const where = [nodes.join(scope === 'link' ? ' ◂▸ ' : ' ▸ '), device].filter((part) => part !== '').join(' ');
  const what = segment === '' ? '' : `${segment} `;
  switch (scope) {
    case 'stretch':
      return nodes.length === 2 ? `${what}${nodes.join(' ▸ ')}` : `${what}${where}`;
    case 'device':
    case 'link':
      return `${what}${where}`;
    case 'segment of node':
      return `${what}of ${where}`;
    case 'pod':
      return `pod behind ${where}`;
    case 'segment of path':
    case 'path':
      return segment === '' ? who : `${segment} of ${who}`;
    case 'segment of service':
    case 'service':
      return segment === '' ? `Service ${who}` : `${segment} of Service ${who}`;
    case 'node':
      return `node ${where}`;
    case 'segment':
      return segment === '' ? 'every path' : `every ${segment}`;
    case 'all':
      return 'every path';
  }
}

const percent = (share: number): string => (share === 0 ? '0' : `${round3(share * 100)} %`);

function figuresOf(finding: Finding): string[] {
  const { symptom, quantile, nowNs, beforeNs, boundNs, shareNow, shareBefore } = finding;
  if (symptom === 'unmeasured') return [];
  if (symptom !== 'slow') return [`${percent(shareNow)} of the packets (was ${percent(shareBefore)})`];
  // What clocks may have moved since, which is less than what they may be wrong by.
  const bound = boundNs > 0 ? `, change ±${formatNs(boundNs)}` : '';
  return [`p${quantile * 100} ${formatNs(nowNs)} (was ${formatNs(beforeNs)}${bound})`];
}

function shareOf({ symptom, paths }: Finding, { paths: all }: Basis): string {
  if (symptom === 'unmeasured') return `${formatCount(paths.length)} paths over it are not seen`;
  return `${formatCount(paths.length)} of ${formatCount(Math.max(all, paths.length))} paths`;
}
