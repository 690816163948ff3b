/** Every kind of fault is found at its place, with when it began and how many paths share it. */
import { describe, expect, test } from 'vitest';
import type { Finding, Insight } from './explain.ts';
import type { Place } from './places.ts';
import { lineOf, sentenceOf } from './sentence.ts';
import { createRandom, podName, run, type ClusterOptions, type Fault, type Piece } from './synthetic.ts';

const FROM = 62;
/** A few seconds before, for nothing must be said then; the last losses are told 8 s after the packets. */
const ASKED = 55;
const clock = (ms: number): string => `${ms / 1000} s`;
/** Three nodes with a caller and a server each: callers talk to all servers, and these answer. */
const ALL = 18;

const between = (piece: Piece, from: number, to: number): boolean => piece.from === from && piece.to === to;
const touches = ({ ends, nodes }: Piece, node: string, device: string): boolean =>
  (ends[0] === device && nodes[0] === node) || (ends[1] === device && nodes[1] === node);

const tail = createRandom(3);

interface Case {
  name: string;
  fault: Fault;
  options?: ClusterOptions;
  symptom: Finding['symptom'];
  place: Partial<Place>;
  paths: number;
  says: string;
}

const slow = (ns: number, where: (piece: Piece) => boolean): Fault => ({
  delayNs: (piece) => (where(piece) ? ns : 0),
});
const lossy = (share: number, words: string, where: (piece: Piece) => boolean): Fault => ({
  loss: (piece) => (where(piece) ? [share, words] : undefined),
});

const cases: Case[] = [
  {
    name: 'a slow wire from one node to another',
    fault: slow(2e6, (piece) => piece.segment === 'wire' && between(piece, 0, 1)),
    symptom: 'slow', place: { scope: 'stretch', segment: 'wire', nodes: ['n1', 'n2'] }, paths: 2, says: 'wire n1 ▸ n2 slow',
  },
  {
    name: 'a slow wire between two nodes, both ways',
    fault: slow(2e6, (piece) => piece.segment === 'wire' && (between(piece, 0, 1) || between(piece, 1, 0))),
    symptom: 'slow', place: { scope: 'link', segment: 'wire', nodes: ['n1', 'n2'] }, paths: 4, says: 'wire n1 ◂▸ n2 slow',
  },
  {
    name: 'a node to which all wires are slow',
    fault: slow(2e6, (piece) => piece.segment === 'wire' && piece.to === 2),
    symptom: 'slow', place: { scope: 'device', segment: 'wire', nodes: ['n3'], device: 'eth0' }, paths: 4, says: 'wire n3 eth0 slow',
  },
  {
    name: 'a node whose links are slow both ways',
    fault: slow(2e6, (piece) => piece.segment === 'wire' && (piece.to === 2 || piece.from === 2)),
    symptom: 'slow', place: { scope: 'segment of node', segment: 'wire', nodes: ['n3'] }, paths: 8, says: 'wire of n3 slow',
  },
  {
    name: 'a node on which everything is slow',
    fault: slow(400_000, ({ nodes }) => nodes.includes('n2')),
    symptom: 'slow', place: { scope: 'node', nodes: ['n2'] }, paths: 10, says: 'node n2 slow',
  },
  {
    name: 'a slow queue of one uplink',
    options: { queues: true },
    fault: slow(5e6, (piece) => piece.segment === 'queue' && piece.from === 0),
    symptom: 'slow', place: { segment: 'queue', nodes: ['n1'], device: 'eth0' }, paths: 4, says: 'queue n1 eth0 slow',
  },
  {
    name: 'a node that is slow to take in what its uplink received',
    options: { queues: true },
    fault: slow(3e6, (piece) => piece.segment === 'receive' && piece.to === 1),
    symptom: 'slow', place: { segment: 'receive', nodes: ['n2'], device: 'eth0' }, paths: 4, says: 'receive n2 eth0 slow',
  },
  {
    name: 'a slow veth of one pod',
    fault: slow(800_000, (piece) => touches(piece, 'n1', 'veth1')),
    symptom: 'slow', place: { segment: 'bridge', nodes: ['n1'], device: 'veth1' }, paths: 6, says: 'bridge n1 veth1 slow',
  },
  {
    name: 'a slow bridge',
    fault: slow(500_000, (piece) => touches(piece, 'n3', 'cni0') && piece.segment === 'bridge'),
    symptom: 'slow', place: { segment: 'bridge', nodes: ['n3'], device: 'cni0' }, paths: 8, says: 'bridge n3 cni0 slow',
  },
  {
    name: 'slow routing and netfilter on one node',
    fault: slow(300_000, ({ segment, nodes }) => segment === 'route' && nodes[0] === 'n2'),
    symptom: 'slow', place: { segment: 'route', nodes: ['n2'] }, paths: 8, says: 'route n2',
  },
  {
    name: 'slow encapsulation on one node',
    fault: slow(600_000, ({ segment, nodes }) => segment === 'encap' && nodes[0] === 'n1'),
    symptom: 'slow', place: { segment: 'encap', nodes: ['n1'], device: 'flannel.1' }, paths: 4, says: 'encap n1 flannel.1 slow',
  },
  {
    name: 'slow decapsulation on one node',
    fault: slow(600_000, ({ segment, nodes }) => segment === 'decap' && nodes[0] === 'n1'),
    symptom: 'slow', place: { segment: 'decap', nodes: ['n1'], device: 'flannel.1' }, paths: 4, says: 'decap n1 flannel.1 slow',
  },
  {
    name: 'one Service slow',
    options: { pods: 4, services: [80] },
    fault: slow(400_000, (piece) => piece.segment === 'route' && piece.isRequest && piece.to === 0 && piece.toPod === 1),
    symptom: 'slow', place: { scope: 'segment of service', segment: 'route', who: `${podName(0, 1)}:80` }, paths: 4, says: `route of Service ${podName(0, 1)}:80 slow`,
  },
  {
    name: 'a tail: one packet in five waits',
    fault: { delayNs: (piece) => (piece.segment === 'wire' && between(piece, 2, 0) && tail() > 0.8 ? 20e6 : 0) },
    symptom: 'slow', place: { scope: 'stretch', segment: 'wire', nodes: ['n3', 'n1'] }, paths: 2, says: 'wire n3 ▸ n1 slow',
  },
  {
    name: 'packets dropped at one place',
    fault: lossy(0.2, 'dropped at n2 flannel.1 in the forward hook: NETFILTER_DROP (nft_do_chain)', (piece) => piece.segment === 'route' && piece.nodes[0] === 'n2' && piece.ends[0] === 'flannel.1'),
    symptom: 'loss', place: { segment: 'route', nodes: ['n2'] }, paths: 4, says: 'in the forward hook: NETFILTER_DROP',
  },
  {
    name: 'everything of one pair dropped',
    fault: lossy(1, 'dropped at n2 flannel.1 in the forward hook: NETFILTER_DROP (nft_do_chain)', (piece) => piece.segment === 'route' && between(piece, 0, 1) && piece.isRequest && piece.ends[0] === 'flannel.1'),
    symptom: 'loss', place: { segment: 'route' }, paths: 1, says: '100 % of the packets (was 0)',
  },
  {
    name: 'packets that vanish on a wire',
    fault: lossy(0.2, 'vanished behind n1 eth0', (piece) => piece.segment === 'wire' && between(piece, 0, 2)),
    symptom: 'loss', place: { scope: 'stretch', segment: 'wire', nodes: ['n1', 'n3'] }, paths: 2, says: 'loss: wire n1 ▸ n3: vanished behind n1 eth0',
  },
  {
    name: 'a flow whose bytes are lost on a wire and sent again',
    fault: { disorder: (piece) => (piece.segment === 'wire' && between(piece, 0, 1) && piece.isRequest ? [0.25, 'retransmitted'] : undefined) },
    symptom: 'retransmitted', place: { segment: 'wire' }, paths: 1, says: 'loses bytes that are sent again',
  },
  {
    name: 'a flow that sends again what was passed on',
    fault: { resent: ({ from, to, isRequest }) => (from === 0 && to === 2 && isRequest ? 0.3 : 0) },
    symptom: 'resent', place: { who: `${podName(0, 0)} ▶ ${podName(2, 1)}:80` }, paths: 1, says: 'sends again',
  },
  {
    name: 'a wire that copies packets',
    fault: { disorder: (piece) => (piece.segment === 'wire' && piece.from === 1 ? [0.2, 'duplicated'] : undefined) },
    symptom: 'duplicated', place: { scope: 'device', segment: 'wire', nodes: ['n2'], device: 'eth0' }, paths: 4, says: 'copies packets',
  },
  {
    name: 'a wire on which packets overtake each other',
    fault: { disorder: (piece) => (piece.segment === 'wire' && between(piece, 1, 2) ? [0.25, 'reordered'] : undefined) },
    symptom: 'reordered', place: { scope: 'stretch', segment: 'wire', nodes: ['n2', 'n3'] }, paths: 2, says: 'changes the order of packets',
  },
  {
    name: 'an encapsulation whose packets no longer fit',
    fault: { fragments: ({ from, to }) => (from === 0 && to !== 0 ? [0.3, 'flannel.1'] : undefined) },
    symptom: 'fragmented', place: { nodes: ['n1'], device: 'flannel.1' }, paths: 4, says: 'n1 flannel.1 cuts packets into fragments',
  },
  {
    name: 'an agent that is down',
    fault: {
      isUnseen: ({ from, to }) => from === 1 || to === 1,
      node: (node) => (node.name === 'n2' ? { ...node, isUp: false, sinceMs: FROM * 1000 } : node),
    },
    symptom: 'unmeasured', place: { nodes: ['n2'] }, paths: 10, says: 'n2 is not measured: its agent is silent',
  },
]; // prettier-ignore

const runCase = ({ fault, options }: Pick<Case, 'fault' | 'options'>): Insight[] =>
  run(FROM + 30, { ...options, fault, from: FROM, askedFrom: ASKED });

describe('a fault', () => {
  test.each(cases)('$name', ({ fault, options = {}, symptom, place, paths, says }) => {
    const said = runCase({ fault, options });
    expect(said.slice(0, FROM - ASKED).flatMap(({ findings }) => findings)).toEqual([]);
    const insight = said.at(-1)!;
    const [finding] = insight.findings;
    const line = lineOf(sentenceOf(insight, clock));
    expect(finding, line).toMatchObject({ symptom, place });
    expect(finding.paths, line).toHaveLength(paths);
    expect(Math.abs(finding.sinceMs / 1000 - FROM), line).toBeLessThanOrEqual(2);
    expect(line).toContain(says);
    expect(line).toContain(
      symptom === 'unmeasured' ? `${paths} paths` : `${paths} of ${options.pods === undefined ? ALL : 72} paths`,
    );
    expect(insight.findings, line).toHaveLength(1);
  });
});
