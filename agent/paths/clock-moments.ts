/** One and the same moment on the clocks of all nodes, as well as it is known. */
import { latestNs, roughly, type Pair } from './clock-pair.ts';
import type { Limits } from './clock-network.ts';

export interface Moments {
  /** By node: what its clock shows, and by how much that can be another moment than on the component's first node. */
  ns: Float64Array;
  doubtNs: Float64Array;
  /** By node: the first node that constraints connect it with, or limit it against. */
  component: Int32Array;
}

export const createMoments = (nodes: number): Moments => ({
  ns: new Float64Array(nodes),
  doubtNs: new Float64Array(nodes),
  component: new Int32Array(nodes),
});

/** Fills in the moment of the latest support point of each component; from these limits where there are any. */
export function alignMoments(pairs: Pair[], limits: Limits | undefined, moments: Moments): void {
  const offsets = moments.ns;
  offsets.fill(NaN);
  for (let node = 0; node < offsets.length; node++) {
    if (!Number.isNaN(offsets[node])) continue;
    offsets[node] = 0;
    spread(pairs, node, moments);
  }
  if (limits) refine(limits, moments);
  addLatest(pairs, moments);
}

/** Offsets to `root` of all that constraints connect with it, nearest first. */
function spread(pairs: Pair[], root: number, { ns: offsets, doubtNs, component }: Moments): void {
  component[root] = root;
  doubtNs[root] = 0;
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const pair of pairs) {
      const [i, j] = [offsets[pair.i], offsets[pair.j]];
      const known = Number.isNaN(i) ? j : i;
      if (Number.isNaN(i) === Number.isNaN(j) || component[Number.isNaN(i) ? pair.j : pair.i] !== root) continue;
      const other = Number.isNaN(i) ? pair.i : pair.j;
      offsets[other] = known + (other === pair.j ? 1 : -1) * roughly(pair);
      component[other] = root;
      doubtNs[other] = 0;
      isNew = true;
    }
  }
}

/**
 * Nodes that limit each other both ways go by the first of them. Whatever only leads into such a group or out of it
 * limits nothing in it, so that it does not matter how groups lie to each other.
 */
function refine({ nodes, high }: Limits, { ns: offsets, doubtNs, component }: Moments): void {
  for (let node = 0; node < nodes; node++) {
    let root = 0;
    while (high[root * nodes + node] === Infinity || high[node * nodes + root] === Infinity) root++;
    const most = high[root * nodes + node];
    const least = -high[node * nodes + root];
    component[node] = root;
    offsets[node] = offsets[root] + (most + least) / 2;
    doubtNs[node] = Math.max(0, (most - least) / 2);
  }
}

function addLatest(pairs: Pair[], { ns: offsets, component }: Moments): void {
  const latest = new Float64Array(offsets.length).fill(-Infinity);
  for (const pair of pairs) {
    const root = component[pair.i];
    latest[root] = Math.max(latest[root], latestNs(pair) - offsets[pair.i]);
  }
  for (let node = 0; node < offsets.length; node++) offsets[node] += latest[component[node]];
}
