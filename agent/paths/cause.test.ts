import { expect, test } from 'vitest';
import { createAssembler } from './assemble.ts';
import type { Cause } from './cause.ts';
import { createAgent, framesOf, podFlow, podToPod, type Flow, type Hop, type Written } from './synthetic.ts';
import { Kind } from './words.ts';

const datagram: [number, number] = [0x1234, 0xabcdef01];

/** Records of one packet at every hop, a microsecond apart. */
const along = (hops: Hop[], identity: [number, number], atNs: number, flow: Flow, more: Partial<Written>): Written[] =>
  hops.map((hop, i) => ({ ...hop, timeNs: atNs + 1000 * i, identity, flow, kind: Kind.udp, level: 0, ...more }));

const sent = (): Written[] => along(podToPod(0, 0, 1, 0), datagram, 1e9, podFlow(0, 0, 1, 0, 17), {});

/** The error that answers, with what it carries of the cause. */
const answered = (low: number, high: number): Written[] =>
  along(podToPod(1, 0, 0, 0), [9, 9], 1e9 + 1e6, podFlow(1, 0, 0, 0, 1), {
    kind: Kind.icmpError,
    mark: low,
    context: high,
  });

function causes(records: Written[]): Map<number, Cause | null> {
  const agents = [createAgent(0), createAgent(1)];
  const found = new Map<number, Cause | null>();
  const assembler = createAssembler((view) => void found.set(view.kind, view.cause));
  for (const { bytes, atMs } of framesOf(agents, records, 9000)) {
    assembler.push(bytes, atMs);
    assembler.advance(atMs);
  }
  return found;
}

test('an ICMP error names the packet that it is about, and what that was', () => {
  const found = causes([...sent(), ...answered(...datagram)]);
  const { source, destination, sourcePort, destinationPort } = podFlow(0, 0, 1, 0, 17);
  expect(found.get(Kind.icmpError)).toEqual({
    identity: 'abcdef0100001234',
    protocol: 'udp',
    source: `${source}:${sourcePort}`,
    destination: `${destination}:${destinationPort}`,
  });
  expect(found.get(Kind.udp)).toBeNull();
});

test('of a packet that nobody saw only the name is known, and of one that is not repeated nothing', () => {
  const nothing = { protocol: null, source: null, destination: null };
  expect(causes(answered(...datagram)).get(Kind.icmpError)).toEqual({ identity: 'abcdef0100001234', ...nothing });
  expect(causes([...sent(), ...answered(0, 0)]).get(Kind.icmpError)).toEqual({ identity: null, ...nothing });
});
