/** One packet in characters: a line for each hop with what it took to get there, as the page's waterfall has it. */
import type { Answerable } from '../packets/awaiting.ts';
import type { Exchange, Packet } from '../packets/packet.ts';
import { bytesText, formatMoment, layBars, packetLabel, rowsOf, wayText, whenText, type Bar, type Step, type WaterfallRow } from '../packets/waterfall.ts'; // prettier-ignore
import type { LossWords } from './loss-words.ts';
import { cut, fold, widthsOf } from './lines.ts';
import { formatCount, formatNs, formatWire } from './numbers.ts';
import { whoOf } from './shape.ts';

/** A narrower bar says nothing. */
const LEAST_BAR = 8;
const MOST_BAR = 80;
/** Of a time that nobody knows. */
const BREAK = 3;

/**
 * The packet, and behind it the one that came back.
 * @param words of a packet that was lost: what that means, and what to look at
 */
export function drawExchange(
  exchange: Exchange,
  answerable: Answerable,
  words: LossWords | undefined,
  columns: number,
): string[] {
  const { packet } = exchange;
  const rows = rowsOf(exchange);
  const folded = (lines: string[]): string[] => lines.flatMap((line) => fold(line, columns));
  const hops = rows.length > 0 ? [...drawHops(rows, columns).map((line) => line.trimEnd()), ''] : [];
  return [
    ...folded([`${whoOf(packet)}  ${formatMoment(packet.wallMs)}`, factsOf(packet)]),
    '',
    ...hops,
    ...folded([...endOf(packet, words), ...backOf(exchange, answerable)]),
  ];
}

const factsOf = ({ isSuper, exponent, payload, identity, ...packet }: Packet): string =>
  [
    `${packetLabel(packet)}${isSuper ? ', super-packet' : ''}`,
    ...(payload > 0 ? [`${formatCount(payload)} B of payload`] : []),
    `1:${formatCount(2 ** exponent)} followed`,
    identity,
  ].join(' · ');

const timeText = (timeNs: number, boundNs: number): string =>
  `${formatWire(timeNs, boundNs)}${boundNs > 0 && timeNs > 0 ? ` ±${formatNs(boundNs)}` : ''}`;

const TITLES = ['+ ns', 'node', 'device', 'bytes', 'segment', 'took'];

function drawHops(rows: WaterfallRow[], columns: number): string[] {
  const cells = rows.map((row) => [
    whenText(row),
    row.isFirstOfNode ? row.hop.node : '',
    `${row.isReply ? '◂ ' : ''}${row.hop.device} ${wayText(row.hop)}`,
    bytesText(row.hop),
    row.step?.name ?? '',
    row.step ? timeText(row.step.durationNs, row.step.boundNs) : '',
  ]);
  const widths = widthsOf(TITLES, cells);
  const lineOf = ([when, ...others]: string[]): string =>
    ` ${[when.padStart(widths[0]), ...others.map((cell, at) => cell.padEnd(widths[at + 1]))].join('  ')}`;
  const indent = 1 + widths[0] + 2 + widths[1] + 2;
  const room = columns - lineOf(TITLES).length;
  if (room < 0) return drawNarrow(rows).flatMap((line) => fold(line, columns));
  const bars = drawBars(rows, room - 2);
  return [
    lineOf(TITLES),
    ...rows.flatMap((row, at) => [`${lineOf(cells[at])}  ${bars[at]}`, ...notesOf(row).map((note) => cut(' '.repeat(indent) + note, columns))]), // prettier-ignore
  ];
}

const RAILS: Record<Step['kind'], string> = { plain: '│', sleeved: '║', wire: '║', pod: '┄' };

/** One below the other, as the ruler is where it does not fit. */
function drawNarrow(rows: WaterfallRow[]): string[] {
  return rows.flatMap((row) => {
    const { step, hop, isReply } = row;
    const took = step ? [`   ${RAILS[step.kind]} ${step.name} ${timeText(step.durationNs, step.boundNs)}  ${whenText(row)}`] : []; // prettier-ignore
    const place = ` ┬ ${isReply ? '◂ ' : ''}${hop.node} ${hop.device} ${wayText(hop)}  ${bytesText(hop)}`;
    return [...took, place, ...notesOf(row).map((note) => `   ${note}`)];
  });
}

/** Whom the packet names where it is first seen, and wherever something translated it. */
function notesOf({ hop, step, changes }: WaterfallRow): string[] {
  if (!step || step.kind === 'pod') return [`${hop.source} ▶ ${hop.destination}`];
  return changes.map(({ end, before, after }) => `${end} ${before} → ${after}`);
}

/** By row, on an axis of square roots: short times stay visible beside long ones. */
function drawBars(rows: WaterfallRow[], room: number): string[] {
  const steps = rows.flatMap(({ step }) => step ?? []);
  const width = Math.min(room, MOST_BAR);
  if (width < LEAST_BAR) return rows.map(() => '');
  return ['', ...layBars(steps, 'sqrt', width, BREAK).map(barText)];
}

/** What lies within the clock's bound is lighter. */
function barText({ from, to, earliest, latest, isWhole }: Bar): string {
  const start = Math.round(from);
  const length = (end: number): number => Math.max(0, Math.round(end) - start);
  if (!isWhole) return ' '.repeat(start) + '┄'.repeat(Math.max(1, length(to)));
  const body = length(earliest);
  const blurred = latest > earliest ? Math.max(1, length(latest) - body) : 0;
  return ' '.repeat(start) + '█'.repeat(Math.max(blurred ? 0 : 1, body)) + '░'.repeat(blurred);
}

/** What became of it. */
function endOf(packet: Packet, words: LossWords | undefined): string[] {
  const { loss, verdict, totalNs, boundNs, tunnel, tunnelBytes, hops, destination, droppedAfterNs } = packet;
  if (loss) {
    const after = Number.isNaN(droppedAfterNs) ? '' : `, ${formatNs(droppedAfterNs)} behind the last hop`;
    return [` ✕ ${loss}${after}`, ...(words ? [`   ${words.means}`, `   Look at: ${words.look}`] : [])];
  }
  const last = hops.at(-1);
  const place = last ? `${last.node} ${last.device}` : '';
  const total = hops.length > 1 ? [`total ${timeText(totalNs, boundNs)}`] : [];
  const added = tunnelBytes > 0 ? [`${tunnel} +${tunnelBytes} B`] : [];
  const ends: Partial<Record<Packet['verdict'], string>> = {
    delivered: `delivered at ${place}`,
    handed: `handed over at ${place} to ${destination} past its own device: not seen by us`,
    unseen: `not seen by us behind ${place}`,
  };
  return [` ${[ends[verdict] ?? verdict, ...total, ...added].join(' · ')}`];
}

/** What came back, or why nothing is known of it. */
function backOf({ packet, reply, turnaroundNs, roundTripNs }: Exchange, answerable: Answerable): string[] {
  if (!reply) return silenceOf(packet, answerable);
  const [end, ...more] = endOf(reply, undefined);
  const whole = Number.isNaN(roundTripNs) ? 'unknown' : formatNs(roundTripNs);
  return [
    '',
    ` ◂ the next packet back: ${factsOf(reply)}`,
    `  ${end}`,
    ...more,
    ` round trip ${whole}, of it in the pod ${formatNs(turnaroundNs)}: each by one clock`,
  ];
}

function silenceOf({ exponent }: Packet, answerable: Answerable): string[] {
  const sample = exponent > 0 ? `, and 1 in ${formatCount(2 ** exponent)} is followed` : '';
  const words: Record<Answerable, string[]> = {
    lost: [],
    yes: [`no reply is known: nothing came back that was seen${sample}`],
    reply: ['on the way back itself: no reply is awaited'],
    'end unseen': ['no reply is known: where it arrived was not seen'],
  };
  return words[answerable].map((line) => ` ${line}`);
}
