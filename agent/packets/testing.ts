/** What the tests of kept packets share: exchanges of two nodes, and packets of which many are told. */
import { createAssembler } from '../paths/assemble.ts';
import { createAgent, framesOf, podFlow, podToPod, type Written } from '../paths/synthetic.ts';
import type { PathView } from '../paths/view.ts';
import { Kind } from '../paths/words.ts';
import type { Exemplars } from './exemplars.ts';

export const SERVICE = '10.96.0.10';
export const START_NS = 1e9;
export const TURNAROUND_NS = 30_000;

/** A request through a Service and its answer, hops a microsecond apart and more at the wire. */
export function exchange(number: number, atNs: number): Written[] {
  const request = podFlow(0, 0, 1, 0, 6);
  const answer = { ...podFlow(1, 0, 0, 0, 6), sourcePort: 80, destinationPort: 40_000 };
  const offset = (at: number): number => at * 1000 + (at > 3 ? 50_000 : 0);
  const backNs = atNs + offset(7) + TURNAROUND_NS;
  const common = { kind: Kind.syn, level: 0, payload: 0 };
  return [
    ...podToPod(0, 0, 1, 0).map((hop, at): Written => ({
      ...hop, ...common, timeNs: atNs + offset(at), identity: [number, 1], bytes: hop.encapsulation ? 148 : 98,
      flow: at < 2 ? { ...request, destination: SERVICE } : request,
    })),
    ...podToPod(1, 0, 0, 0).map((hop, at): Written => ({
      ...hop, ...common, timeNs: backNs + offset(at), identity: [number, 2], bytes: hop.encapsulation ? 148 : 98,
      flow: at < 6 ? answer : { ...answer, source: SERVICE },
    })),
  ]; // prettier-ignore
}

/** Plays them, and tells every path. */
export function play(records: Written[], tell: (view: PathView) => void): void {
  const assembler = createAssembler(tell);
  const agents = [createAgent(0), createAgent(1)];
  for (const frame of framesOf(agents, records, 9000).sort((a, b) => a.atMs - b.atMs)) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(9000);
}

/** Of eight hops; to be told as another one, a copy with what differs is. */
export const [delivered, lost] = [8, 4].map((hops) => {
  let told!: PathView;
  play(exchange(1, START_NS).slice(0, hops), (view) => (told = view));
  return told;
});

export interface Told {
  row: number;
  second: number;
  totalNs: number;
  isLost: boolean;
}

export function tell(exemplars: Exemplars, { row, second, totalNs, isLost }: Told, number: number): void {
  exemplars.turn(second);
  exemplars.see({ ...(isLost ? lost : delivered), totalNs, identityLow: number }, row, second, false);
}

/** Identities that are held of a row and second. */
export const heldIn = (exemplars: Exemplars, row: number, second: number): number[] =>
  exemplars.pick(row, second, second).map((one) => exemplars.store.packets.identityLow[one]);
