/** One identity sent several times within the join window, each sending with a fate of its own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAssembler } from './assemble.ts';
import type { JsonPath } from './json.ts';
import { toJson } from './json.ts';
import { createAgent, framesOf, podFlow, podToPod, type Written } from './synthetic.ts';
import { Kind } from './words.ts';

interface Sending {
  /** After the one before. */
  pauseMs: number;
  fate: 'arrives' | 'is lost' | 'is doubled';
  onWireUs: number;
  /** Of the copy behind the original. */
  copyUs: number;
}

const sending: fc.Arbitrary<Sending> = fc.record({
  pauseMs: fc.oneof(fc.double({ min: 0.001, max: 2, noNaN: true }), fc.double({ min: 2, max: 300, noNaN: true })),
  fate: fc.constantFrom('arrives', 'arrives', 'is lost', 'is doubled'),
  onWireUs: fc.integer({ min: 10, max: 3000 }),
  copyUs: fc.integer({ min: 1, max: 3000 }),
});

const [sent, received] = [podToPod(0, 0, 1, 0).slice(0, 4), podToPod(0, 0, 1, 0).slice(4)];

/** Records of one sending; their `bytes` say which it was. */
function recordsOf({ fate, onWireUs, copyUs }: Sending, number: number, atNs: number): Written[] {
  const common = { identity: [1, 7] as [number, number], flow: podFlow(0, 0, 1, 0), kind: Kind.icmp, level: 30, bytes: 100 + number }; // prettier-ignore
  const from = (hops: typeof sent, timeNs: number): Written[] =>
    hops.map((hop, i) => ({ ...hop, ...common, timeNs: timeNs + 1000 * i }));
  const arrivedNs = atNs + 4000 + onWireUs * 1000;
  const arrivals = { 'is lost': [], arrives: [arrivedNs], 'is doubled': [arrivedNs, arrivedNs + copyUs * 1000] }[fate];
  return [...from(sent, atNs), ...arrivals.flatMap((timeNs) => from(received, timeNs))];
}

function play(sendings: Sending[]): JsonPath[] {
  let atNs = 1e9;
  const records = sendings.flatMap((each, number) => recordsOf(each, number, (atNs += each.pauseMs * 1e6)));
  const paths: JsonPath[] = [];
  const assembler = createAssembler((view) => paths.push(toJson(view)));
  const frames = framesOf([createAgent(0), createAgent(1)], records, 9000).toSorted((a, b) => a.atMs - b.atMs);
  for (const { bytes, atMs } of frames) {
    assembler.push(bytes, atMs);
    assembler.advance(atMs);
  }
  return paths;
}

test('what is joined without doubt is of one sending', () => {
  fc.assert(
    fc.property(fc.array(sending, { minLength: 1, maxLength: 3 }), (sendings) => {
      for (const path of play(sendings)) {
        const isClaimed = path.source.node !== null && path.destination.node !== null && !path.ambiguous;
        if (isClaimed) expect(new Set(path.hops.map(({ bytes }) => bytes)).size).toBe(1);
      }
    }),
    { numRuns: 150 },
  );
});

test('sendings that all arrive, far apart, are all joined', () => {
  fc.assert(
    fc.property(fc.array(sending, { minLength: 1, maxLength: 3 }), (sendings) => {
      const paths = play(sendings.map((each) => ({ ...each, fate: 'arrives', pauseMs: 30 + each.pauseMs })));
      expect(paths.map(({ ambiguous, verdict }) => [ambiguous, verdict])).toEqual(sendings.map(() => [false, 'delivered'])); // prettier-ignore
    }),
    { numRuns: 50 },
  );
});
