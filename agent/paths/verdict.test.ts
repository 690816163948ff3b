import { describe, expect, it } from 'vitest';
import { createAgent, flannelDevices, framesOf, podFlow, podToPod } from './synthetic.ts';
import { agentsOf, along, play } from './testing.ts';

describe('what does not arrive', () => {
  const flow = podFlow(0, 0, 1, 0);
  const cut = along(podToPod(0, 0, 1, 0).slice(0, 4), 1, 1e9, flow);

  it('vanished when everybody watched', () => {
    const { paths, summary } = play(framesOf(agentsOf(2), cut, 9000), 9000);
    expect(paths[0].verdict).toBe('vanished');
    expect(summary.lostByNetwork.vanished).toBe(1);
    expect(summary).toMatchObject({ joinable: 0, lostByUs: 0 });
  });

  it('is not judged before five seconds are over', () => {
    const { paths } = play(framesOf(agentsOf(2), cut, 5000), 5000);
    expect(paths).toEqual([]);
  });

  it('is lost by us when the next node was blind, lost frames or was not there', () => {
    const blind = framesOf(agentsOf(2), cut, 9000);
    const agents = agentsOf(2);
    const gap = framesOf([agents[0]], cut, 9000);
    gap.push(agents[1].hello(0), agents[1].status(900), agents[1].status(960));
    agents[1].skip();
    for (let atMs = 1400; atMs < 9000; atMs += 500) gap.push(agents[1].status(atMs));
    const absent = framesOf([agentsOf(1)[0]], cut, 9000);
    const tellBlind = createAgent(1);
    const told = [...framesOf([agentsOf(1)[0]], cut, 9000), tellBlind.hello(0)];
    for (let atMs = 500; atMs < 9000; atMs += 500) {
      told.push(
        tellBlind.status(atMs, atMs === 1500 ? { blind: [{ fromNs: 0.9e9, toNs: 1.2e9, reason: 'ring full' }] } : {}),
      );
    }
    expect(play(blind, 9000).summary).toMatchObject({ lostByUs: 0 });
    expect(play(gap, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 }, framesMissed: 1 });
    expect(play(told, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
    expect(play(absent, 9000).summary).toMatchObject({ lostByNetwork: { vanished: 0 } });
  });

  it('is lost by us while what is held of the next node has not begun, though its hello came', () => {
    const [first, next] = agentsOf(2);
    const frames = [...framesOf([first], cut, 9000), next.hello(0)];
    expect(play(frames, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
    next.skip();
    for (let atMs = 6000; atMs < 9000; atMs += 500) frames.push(next.status(atMs));
    expect(play(frames, 9000).summary).toMatchObject({ lostByUs: 1, lostByNetwork: { vanished: 0 } });
  });

  it('is unseen while the other node writes coarser marks by its own clock, however late one node’s frames come', () => {
    const others = Array.from({ length: 60 }, (_, at) => [
      ...along(podToPod(0, 1, 1, 1), 100 + 2 * at, 1e9 + at * 50e6, podFlow(0, 1, 1, 1)),
      ...along(podToPod(1, 1, 0, 1), 101 + 2 * at, 1.02e9 + at * 50e6, podFlow(1, 1, 0, 1)),
    ]).flat();
    const verdictOf = (lateMs: number, lostNs: number) => {
      const lost = along(podToPod(0, 0, 1, 0).slice(0, 4), 1, lostNs, podFlow(0, 0, 1, 0), { level: 2 });
      const [first, next] = [createAgent(0), createAgent(1)];
      const written = [...lost, ...others].filter(({ node }) => node === 0);
      const late = framesOf([first], written, 12_000).map((frame) => ({ ...frame, atMs: frame.atMs + lateMs }));
      const frames = [...late, next.hello(0)];
      for (let atMs = 500; atMs < 12_000; atMs += 500) {
        const [marks, packets] = atMs < 5000 ? [3, 3] : [2, 2];
        frames.push(next.status(atMs, { exponents: [{ fromNs: atMs * 1e6, marks, packets, control: 0 }] }));
        const came = others.filter(({ node, timeNs }) => node === 1 && timeNs > (atMs - 500) * 1e6 && timeNs <= atMs * 1e6); // prettier-ignore
        if (came.length > 0) frames.push(next.legs(atMs, came));
      }
      return play(frames, 12_000).paths.find(({ hops }) => hops.length === 4);
    };
    for (const lateMs of [0, 400]) {
      expect([lateMs, verdictOf(lateMs, 4.8e9)!.verdict]).toEqual([lateMs, 'unseen']);
      expect([lateMs, verdictOf(lateMs, 5.6e9)!.verdict]).toEqual([lateMs, 'vanished']);
    }
  });

  it('is lost by us where it may have gone on by a device at which we are not', () => {
    const without = (node: number, ...names: string[]) =>
      createAgent(
        node,
        flannelDevices(node).map((device) => ({ ...device, attached: !names.includes(device.name) })),
      );
    const whole = podToPod(0, 0, 1, 0);
    const verdictOf = (hops: number, first: string[], next: string[]) => {
      const records = along(whole.slice(0, hops), 1, 1e9, flow);
      const { paths, summary } = play(framesOf([without(0, ...first), without(1, ...next)], records, 9000), 9000);
      return [paths[0].verdict, summary.lostByUs];
    };
    const [vanished, unseen] = [
      ['vanished', 0],
      ['unseen', 1],
    ];
    // On the wire: only the next node's uplink matters.
    expect(verdictOf(4, ['veth1'], ['veth0', 'cni0'])).toEqual(vanished);
    expect(verdictOf(4, [], ['eth0'])).toEqual(unseen);
    // On the first node, to an address that nobody knows: any device may have taken it.
    expect(verdictOf(2, [], [])).toEqual(vanished);
    expect(verdictOf(2, ['flannel.1'], [])).toEqual(unseen);
    expect(verdictOf(2, [], ['eth0'])).toEqual(vanished);
    // On the last one, where the pod's own device is left out.
    expect(verdictOf(7, [], [])).toEqual(vanished);
    expect(verdictOf(7, [], ['veth0', 'veth1'])).toEqual(unseen);
  });

  it('is unseen where the other node writes coarser marks only, or somebody else must have it', () => {
    const coarse = framesOf(agentsOf(2), cut.map((record) => ({ ...record, level: 2 })), 9000); // prettier-ignore
    const agent = createAgent(1);
    const other = [...framesOf([agentsOf(1)[0]], cut.map((r) => ({ ...r, level: 2 })), 9000), agent.hello(0)]; // prettier-ignore
    for (let atMs = 500; atMs < 9000; atMs += 500) {
      other.push(agent.status(atMs, { exponents: [{ fromNs: 0, marks: 3, packets: 3, control: 0 }] }));
    }
    expect(play(coarse, 9000).paths[0].verdict).toBe('vanished');
    expect(play(other, 9000).paths[0].verdict).toBe('unseen');
    const outside = cut.map((record) => ({ ...record, flow: { ...flow, destination: '8.8.8.8' } }));
    expect(play(framesOf(agentsOf(2), outside, 9000), 9000).paths[0].verdict).toBe('unseen');
  });
});
