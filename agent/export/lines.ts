/** One path a line: as JSON, the same as `trace --json` prints it, and as CSV. */
import { toJson, type JsonEnd, type JsonPath } from '../paths/json.ts';
import { isoOf } from './iso.ts';
import type { Emit, Exporter } from './exporter.ts';

export const createJson = (emit: Emit): Exporter => ({
  add: (view) => emit(`${JSON.stringify(toJson(view))}\n`),
  end: (summary) => emit(`${JSON.stringify(summary)}\n`),
  late: 0,
});

interface Told extends JsonPath {
  /** When its first hop was passed, by the wall clock; empty where nobody saw one. */
  start: string;
}

type Cell = string | number | boolean | null;

const place = ({ node, device, direction }: JsonPath['hops'][number]): string => `${node} ${device} ${direction}`;

const endColumns = (end: 'source' | 'destination'): [string, (path: Told) => Cell][] =>
  (['ip', 'port', 'pod', 'namespace', 'workload', 'service', 'node'] satisfies (keyof JsonEnd)[]).map((part) => [
    `${end}_${part}`,
    (path) => path[end][part],
  ]);

const columns: [header: string, cell: (path: Told) => Cell][] = [
  ['start', ({ start }) => start],
  ['identity', ({ identity }) => identity],
  ['protocol', ({ protocol }) => protocol],
  ...endColumns('source'),
  ...endColumns('destination'),
  ['verdict', ({ verdict }) => verdict],
  ['ambiguous', ({ ambiguous }) => ambiguous],
  ['total_ns', ({ totalNs }) => totalNs],
  ['bound_ns', ({ boundNs }) => boundNs],
  ['first_hop_bytes', ({ hops }) => hops[0]?.bytes ?? null],
  ['wire_packets', ({ hops }) => (hops.length === 0 ? null : Math.max(...hops.map((hop) => hop.wirePackets)))],
  ['tunnel', ({ encapsulation }) => encapsulation?.protocol ?? null],
  ['tunnel_bytes_per_wire_packet', ({ encapsulation }) => encapsulation?.bytes ?? 0],
  ['drop_reason', ({ drop }) => drop?.reason ?? null],
  ['drop_symbol', ({ drop }) => drop?.symbol ?? null],
  ['drop_hook', ({ drop }) => drop?.hook ?? null],
  ['drop_node', ({ drop }) => drop?.node ?? null],
  ['drop_device', ({ drop }) => drop?.device ?? null],
  ['hops', ({ hops }) => hops.map(place).join(' > ')],
  ['segments_ns', ({ segments }) => segments.map(({ name, durationNs }) => `${name} ${durationNs ?? '?'}`).join(' > ')],
];

/** With units in the headers; empty where unknown. */
export function createCsv(emit: Emit): Exporter {
  let isBegun = false;
  const begin = (): void => {
    if (!isBegun) emit(`${columns.map(([header]) => header).join(',')}\n`);
    isBegun = true;
  };
  return {
    add(view, wall) {
      begin();
      const told = { ...toJson(view), start: view.hopCount > 0 ? isoOf(wall.since1970(wall.ofHop(view, 0).ns)) : '' };
      emit(`${columns.map(([, cell]) => quote(cell(told))).join(',')}\n`);
    },
    end: begin,
    late: 0,
  };
}

/** RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe. */
function quote(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
