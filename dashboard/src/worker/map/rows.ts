/** For tests: rows of a cluster, and the window that counts their packets. Figures only; no frames. */
import { bucketOf } from '../../../../agent/histogram/histogram.ts';
import { cellKey } from '../../../../agent/histogram/cells.ts';
import { unnamed, type Name } from '../../../../agent/names/name.ts';
import type { ShapeHop } from '../../../../agent/trace/shape.ts';
import { EXTRA_SERIES, pairsOf, seriesOf, Series, wayOf, type Row, type RowShape } from '../rows.ts';
import { createWindow, type Window } from '../window.ts';

export interface Laid {
  rows: Row[];
  window: Window;
  add(row: Partial<RowShape> & Pick<RowShape, 'hops'>, figures?: { packets?: number; ns?: number; boundNs?: number }): Row;
} // prettier-ignore

export const hop = (
  node: string,
  device: string,
  kind: ShapeHop['kind'],
  direction: ShapeHop['direction'],
  more: Partial<ShapeHop> = {},
): ShapeHop => ({ node, device, kind, direction, source: '', destination: '', ...more });

/** As Flannel does it, from pod to pod of two nodes or of one. */
export function flannel(from: string, fromVeth: string, to: string, toVeth: string): ShapeHop[] {
  const [first, last] = [hop(from, fromVeth, 'pod', 'ingress'), hop(to, toVeth, 'pod', 'egress')];
  if (from === to) return [first, hop(from, 'cni0', 'bridge', 'ingress'), last];
  return [
    first, hop(from, 'cni0', 'bridge', 'ingress'), hop(from, 'flannel.1', 'vxlan', 'egress'), hop(from, 'eth0', 'uplink', 'egress'),
    hop(to, 'eth0', 'uplink', 'ingress'), hop(to, 'flannel.1', 'vxlan', 'ingress'), hop(to, 'cni0', 'bridge', 'egress'), last,
  ]; // prettier-ignore
}

export const pod = (namespace: string, workload: string, number: number, node: string): Name => ({
  id: 0, kind: 'pod', name: `${workload}-${number}`, namespace, workload, node, port: 0,
}); // prettier-ignore

const segmentsOf = (hops: readonly ShapeHop[]): RowShape['segments'] =>
  hops.slice(1).map(({ node, kind }, at) => {
    const isWire = node !== hops[at].node;
    const isSleeved = isWire || kind === 'vxlan' || hops[at].kind === 'vxlan';
    return { name: isWire ? 'wire' : 'route', isWire, isSleeved };
  });

export function layRows(): Laid {
  const rows: Row[] = [];
  const window = createWindow();
  let base = 0;

  function count(row: Row, packets: number, ns: number, boundNs: number): void {
    const add = (series: number, bucket: number, weight: number): void => window.add(cellKey(series, bucket), weight);
    row.shape.segments.forEach((_, at) => add(row.base + at, bucketOf(ns), packets));
    add(seriesOf(row, row.shape.isLost ? Series.lost : Series.joined), 0, packets);
    add(seriesOf(row, Series.bytes), 0, packets * 1000);
    add(seriesOf(row, Series.bound), bucketOf(boundNs), packets);
  }
  return {
    rows,
    window,
    add({ hops, ...more }, { packets = 100, ns = 1000, boundNs = 10 } = {}) {
      const id = rows.length + 1;
      const shape: RowShape = {
        id, name: `row ${id}`, source: `10.0.0.${id}`, destination: `10.0.1.${id}`, ends: unnamed(), addressed: '',
        protocol: 'tcp', isSuper: false, verdict: 'delivered', isHanded: false, hops, segments: segmentsOf(hops), tunnel: '',
        tunnelBytes: 0, service: 0, isRequest: true, loss: '', isLost: false, drop: undefined, ...more,
      }; // prettier-ignore
      const row: Row = {
        shape, way: wayOf(shape), base, extras: base + shape.segments.length, ...pairsOf(shape), lastSecond: 0, sourcePorts: [], destinationPorts: [], biggest: 0,
      }; // prettier-ignore
      base = seriesOf(row, EXTRA_SERIES);
      rows.push(row);
      if (packets > 0) count(row, packets, ns, boundNs);
      return row;
    },
  };
}
