import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../wire/frame.ts';
import type { Realtime } from '../wire/messages.ts';
import { createAssembler } from './assemble.ts';
import { Ifindex, createAgent, flannelDevices, framesOf, podFlow, podToPod, type Frame, type Hop, type Written } from './synthetic.ts'; // prettier-ignore
import { agentsOf, along, lookOf, play } from './testing.ts';
import { Direction, Kind } from './words.ts';

describe('three pings between two nodes', () => {
  const records = [0, 1e6, 2e6].flatMap((laterNs) => [
    ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
    ...along(podToPod(1, 0, 0, 0), 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
  ]);
  const { paths, summary } = play(framesOf(agentsOf(2, [0, 3_600e9]), records, 3000), 3000);

  it('passes 8 hops each way in order, whatever the clocks show', () => {
    expect(lookOf(paths[0])).toEqual([
      'n1 veth0 ingress', 'n1 cni0 ingress', 'n1 flannel.1 egress', 'n1 eth0 egress',
      'n2 eth0 ingress', 'n2 flannel.1 ingress', 'n2 cni0 egress', 'n2 veth0 egress',
    ]); // prettier-ignore
    expect(lookOf(paths[1])[0]).toBe('n2 veth0 ingress');
    expect(paths.map((path) => path.verdict)).toEqual(Array.from({ length: 6 }, () => 'delivered'));
  });

  it('names the segments', () => {
    const names = ['bridge', 'route', 'encap', 'wire', 'decap', 'route', 'bridge'];
    for (const path of paths) expect(path.segments.map((segment) => segment.name)).toEqual(names);
  });

  it('has segments that add up', () => {
    for (const path of paths) {
      expect(path.segments.reduce((sum, segment) => sum + segment.durationNs!, 0)).toBe(path.totalNs);
      expect(path.hops.at(-1)!.timeNs).toBe(path.totalNs);
      for (const at of [0, 1, 2, 4, 5, 6]) expect(path.segments[at]).toMatchObject({ durationNs: 1000, boundNs: 0 });
      expect(Math.abs(path.segments[3].durationNs! - 1000)).toBeLessThanOrEqual(path.segments[3].boundNs!);
    }
  });

  it('prices the tunnel', () => {
    expect(paths[0].encapsulation).toEqual({ protocol: 'vxlan', bytes: 50 });
    expect(paths[0].hops.map((hop) => hop.bytes)).toEqual([98, 98, 98, 148, 148, 98, 98, 98]);
  });

  it('is counted', () => {
    expect(summary).toMatchObject({ sampled: 6, joined: 6, joinable: 6, joinableJoined: 6, ambiguous: 0, lostByUs: 0 });
    expect(summary.lostByNetwork).toEqual({ dropped: 0, vanished: 0 });
    // Added to the clock that is ahead; both streams have the same epoch.
    expect(Math.abs(summary.clocks['n2'].offsetNs! + 3_600e9)).toBeLessThanOrEqual(summary.clocks['n2'].boundNs!);
    expect(summary.clocks['n1']).toEqual({ offsetNs: 0, boundNs: 0, relativeBoundNs: 0 });
  });

  it('is written as JSON with public names', () => {
    expect(paths[0]).toMatchObject({
      type: 'path', identity: '0000000700000001', protocol: 'icmp', drop: null, ambiguous: false,
      source: { ip: '10.244.1.2', port: null, pod: null, namespace: null, node: 'n1' },
      destination: { ip: '10.244.2.2', port: null, pod: null, namespace: null, node: 'n2' },
    }); // prettier-ignore
  });
});

describe('times beyond the wire', () => {
  it('are null until three packets agree in each direction', () => {
    const records = [0, 1e6].flatMap((laterNs) => [
      ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
      ...along(podToPod(1, 0, 0, 0), 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
    ]);
    const { paths } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(paths.map((path) => path.totalNs)).toEqual([null, null, null, null]);
  });

  it('are known from packets whose copies for other sockets were dropped', () => {
    const pod = { node: 0, ifindex: Ifindex.pods, direction: Direction.dropInPod };
    const records = [0, 1e6, 2e6].flatMap((laterNs) => [
      ...along(podToPod(0, 0, 1, 0), 1 + laterNs, 1e9 + laterNs, podFlow(0, 0, 1, 0)),
      ...along([...podToPod(1, 0, 0, 0), pod, pod], 2 + laterNs, 1.0005e9 + laterNs, podFlow(1, 0, 0, 0)),
    ]);
    const { summary } = play(framesOf(agentsOf(2), records, 3000), 3000);
    expect(summary.clocks['n2'].offsetNs).not.toBeNull();
  });

  it('are null while there is no traffic back', () => {
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const { paths, summary } = play(framesOf(agentsOf(2, [0, 5e9]), records, 3000), 3000);
    expect(paths[0]).toMatchObject({ totalNs: null, boundNs: null, verdict: 'delivered' });
    expect(paths[0].hops.map((hop) => hop.timeNs)).toEqual([0, 1000, 2000, 3000, null, null, null, null]);
    expect(paths[0].segments[3]).toMatchObject({ durationNs: null, boundNs: null, relativeBoundNs: null });
    expect(paths[0].segments[4]).toMatchObject({ durationNs: 1000, boundNs: 0, relativeBoundNs: 0 });
    expect(summary.clocks['n2'].offsetNs).toBeNull();
  });

  it('are known without, where both nodes say that their CLOCK_REALTIME is kept in step', () => {
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const aheadNs = [0, 5e9];
    const agents = agentsOf(2, aheadNs);
    const kept = agents.map((agent, node) =>
      agent.status(900, { realtime: { rawNs: 900e6 + aheadNs[node], offsetNs: -aheadNs[node], maxErrorNs: 600_000 } }),
    );
    const { paths, summary } = play([...framesOf(agents, records, 3000), ...kept], 3000);
    expect(Math.abs(paths[0].segments[3].durationNs! - 1000)).toBeLessThanOrEqual(paths[0].segments[3].boundNs!);
    expect(paths[0].segments[3].boundNs).toBeGreaterThanOrEqual(1_200_000);
    expect(summary.clocks['n2']).toMatchObject({ offsetNs: -5e9, source: 'realtime' });
  });

  it('take no notice of what is no report', () => {
    const agents = agentsOf(2);
    const kept = agents.map((agent) =>
      agent.status(900, { realtime: { rawNs: 0, offsetNs: '0', maxErrorNs: -1 } as unknown as Realtime }),
    );
    const records = along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0));
    const { paths } = play([...framesOf(agents, records, 3000), ...kept], 3000);
    expect(paths[0].totalNs).toBeNull();
  });
});

describe('an agent that starts again', () => {
  const AGAIN_MS = 3050;
  const records = Array.from({ length: 500 }, (_, i) => i).flatMap((i) => [
    ...along(podToPod(0, 0, 1, 0), 2 * i, 1e9 + i * 20e6, podFlow(0, 0, 1, 0)),
    ...along(podToPod(1, 0, 0, 0), 2 * i + 1, 1.0005e9 + i * 20e6, podFlow(1, 0, 0, 0)),
  ]);
  const isOf = ({ bytes }: Frame, node: number): boolean => decodeFrame(bytes).stream === 1000 + node;

  /** The second node's frames after its start: another stream, in which its clock shows another time since the epoch. */
  function startedAgain(): Frame[] {
    const ofSecond = records.filter(({ node }) => node === 1).map((record) => ({ ...record, node: 0 }));
    const [hello, ...frames] = framesOf([createAgent(1, flannelDevices(1), 100e9)], ofSecond, 12_000);
    for (const { bytes } of [hello, ...frames]) new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, 2000, true);
    return [{ ...hello, atMs: AGAIN_MS }, ...frames.filter(({ atMs }) => atMs > AGAIN_MS)];
  }

  it('has a clock of its own: what came before, and was still being told, says nothing of it', () => {
    const before = framesOf(agentsOf(2), records, 12_000).filter((frame) => isOf(frame, 0) || frame.atMs < AGAIN_MS);
    const { paths } = play([...before, ...startedAgain()], 12_000);
    const wires = paths.flatMap(({ segments }) => segments.filter(({ name }) => name === 'wire'));
    const known = wires.filter(({ durationNs }) => durationNs !== null);
    for (const { durationNs, boundNs } of known) expect(Math.abs(durationNs! - 1000)).toBeLessThanOrEqual(boundNs!);
    expect(wires.length).toBeGreaterThan(900);
    expect(known.length).toBeGreaterThan(700);
    expect(known.at(-1)!.boundNs).toBeLessThan(1e6);
  });
});

describe('bytes that the receiver’s shorter packets wrote too', () => {
  const [before, behind] = [podToPod(0, 0, 1, 0).slice(0, 4), podToPod(0, 0, 1, 0).slice(4)];
  const flow = podFlow(0, 0, 1, 0);

  /** A packet of two segments, and they: every byte is written by whoever has it in a packet short enough. */
  function twoSegments(number: number): Written[] {
    const sequence = number * 4096;
    const timeNs = 1e9 + number * 20e6;
    const marked = (hops: Hop[], at: number, payload: number, level: number, place: number): Written[] =>
      along(hops, sequence + place, timeNs, flow, {
        kind: Kind.mark, level, mark: sequence + place, context: number + 1, sequence: sequence + at, payload,
      }); // prettier-ignore
    return [
      ...marked(before, 0, 2800, 11, 0),
      ...marked(behind, 0, 1400, 11, 0).map((record) => ({ ...record, timeNs: record.timeNs + 1e5 })),
      ...marked(behind, 1400, 1400, 10, 2048 + 256).map((record) => ({ ...record, timeNs: record.timeNs + 1e5 })),
    ];
  }

  it.each([0, 2500])('are not what the sender failed to see, were it told %i ms before', (lateMs) => {
    const records = Array.from({ length: 300 }, (_, number) => twoSegments(number)).flat();
    const frames = framesOf(agentsOf(2), records, 16_000).map((frame) => {
      // Its first frames came in time: by them a viewer knows when the others were written.
      const isLate = decodeFrame(frame.bytes).stream === 1001 && frame.atMs > 900;
      return isLate ? { ...frame, atMs: frame.atMs + lateMs } : frame;
    });
    const { summary } = play(frames, 20_000);
    expect(summary).toMatchObject({ joined: 300, joinable: 300, ambiguous: 0, undecided: 300, lostByUs: 0 });
  });
});

describe('the traced time', () => {
  it('counts what began in it, and seen from the exact totals', () => {
    const way = podToPod(0, 0, 1, 0);
    const records = Array.from({ length: 50 }, (_, i) =>
      along(way, i, (0.5 + i * 0.1) * 1e9, podFlow(0, 0, 1, 0)),
    ).flat();
    const agents = agentsOf(2);
    const frames = framesOf(agents, records, 0);
    const totals = (packets: number) => [{
      ifindex: Ifindex.pods, direction: 'ingress' as const, packets, bytes: 0, wirePackets: packets, own: 0, filtered: 0, records: 0,
      ringFull: 0, capped: 0, unparsed: {},
    }]; // prettier-ignore
    for (let atMs = 100; atMs <= 8000; atMs += 100) {
      const due = records.filter((record) => Math.floor(record.timeNs / 1e8) * 100 === atMs - 100);
      agents.forEach((agent, node) => {
        const own = due.filter((record) => record.node === node);
        if (own.length) frames.push(agent.legs(atMs, own));
        frames.push(
          agent.status(atMs, node === 0 ? { totals: totals(Math.max(0, Math.min(50, atMs / 100 - 5))) } : {}),
        );
      });
    }
    const told: number[] = [];
    const assembler = createAssembler((view) => told.push(view.identityLow));
    for (const frame of frames.toSorted((a, b) => a.atMs - b.atMs)) {
      assembler.push(frame.bytes, frame.atMs);
      assembler.advance(frame.atMs);
      if (frame.atMs === 1000) assembler.begin(1050);
      if (frame.atMs === 3000) assembler.end(3050);
    }
    assembler.flush(8000);
    expect(assembler.summary()).toMatchObject({ sampled: 20, joined: 20, seen: 20 });
    expect(told).toHaveLength(20);
    expect(assembler.pending()).toBe(0);
  });
});

describe('hostile input', () => {
  it('is counted and changes nothing', () => {
    const good = framesOf(agentsOf(2), along(podToPod(0, 0, 1, 0), 1, 1e9, podFlow(0, 0, 1, 0)), 3000);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(400), fc.nat(255)), { maxLength: 30 }), (flips) => {
        const bad = flips.map(([frame, at, value]) => {
          const bytes = good[frame].bytes.slice();
          bytes[at % bytes.length] = value;
          return { bytes: bytes.subarray(0, bytes.length - (value % 2)), atMs: good[frame].atMs };
        });
        const { summary } = play([...good, ...bad], 3000);
        expect(summary.sampled).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 30 },
    );
  });

  it('with more legs than fit loses the oldest, and says so', () => {
    const way = podToPod(0, 0, 1, 0).slice(0, 4);
    const records = Array.from({ length: 6000 }, (_, i) => along(way, i, 1e9 + i * 1e5, podFlow(0, 0, 1, 0))).flat();
    const { summary } = play(framesOf(agentsOf(2), records, 9000), 9000, { maxLegs: 4096 });
    // Those that were kept cannot be judged either: what could speak for them is gone.
    expect(summary.lostByUs).toBe(6000);
    expect(summary.lostByNetwork.vanished).toBe(0);
    expect(summary.joined + summary.lostByUs + summary.ambiguous).toBeLessThanOrEqual(summary.sampled);
  });
});
