/** Programs of somebody else that drop: at the tc hooks, and at the driver (XDP). */
import { closeSync } from 'node:fs';
import { attachLink, inNetns, loadDropper, pin, whilePinned, type DropKind, type Field } from '../../faults/bpf.ts';
import type { Lab } from '../../lab/index.ts';
import type { Maker } from './cause.ts';

/** Where a packet says what it is, from its Ethernet header on. */
export const icmp: Field = { offset: 23, bytes: 1, value: 1 };
export const vxlan: Field = { offset: 36, bytes: 2, value: 8472 };

async function indexOf(lab: Lab, where: string, device: string): Promise<number> {
  const { stdout } = await lab.exec(where, ['ip', '-j', 'link', 'show', device]);
  return (JSON.parse(stdout) as [{ ifindex: number }])[0].ifindex;
}

/** Behind what is there already, with tcx (6.6), or with XDP in the driver or after it. */
export const program =
  (where: string, device: string, kind: DropKind, field: Field): Maker =>
  async (lab) => {
    const ifindex = await indexOf(lab, where, device);
    const loaded = loadDropper(kind, field);
    const link = inNetns(lab.netns(where), () => attachLink(kind, loaded, ifindex));
    return { undo: () => Promise.resolve([link, loaded].forEach((fd) => closeSync(fd))) };
  };

/** As a filter of clsact, which runs after all of tcx. */
export const filter =
  (where: string, device: string, direction: 'ingress' | 'egress', field: Field): Maker =>
  async (lab) => {
    await lab.exec(where, ['tc', 'qdisc', 'add', 'dev', device, 'clsact'], { allowFailure: true });
    const at = ['dev', device, direction, 'pref', '77', 'protocol', 'all'];
    const loaded = loadDropper('tcxIngress', field);
    try {
      await whilePinned(
        (path) => pin(loaded, path),
        (path) => lab.exec(where, ['tc', 'filter', 'add', ...at, 'bpf', 'da', 'object-pinned', path]),
      );
    } finally {
      closeSync(loaded);
    }
    return { undo: () => lab.exec(where, ['tc', 'filter', 'del', 'dev', device, direction, 'pref', '77']) };
  };
