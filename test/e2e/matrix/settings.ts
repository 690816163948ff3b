/** Brings a lab into the state that a cell names. */
import { inNamespace, run } from '../../lab/run.ts';
import type { Lab } from '../../lab/index.ts';
import type { Cell } from './cells.ts';
import { numberedProgram } from './program.ts';

export const SENDER = 'web';
export const RECEIVER = 'api';
/** On the sender's node: joins the multicast group. */
export const NEIGHBOUR = 'shop';
const FROM_NODE = 'n1';
const NODES = [FROM_NODE, 'n2'];

/** The service address that DNAT replaces by the receiver's. */
const virtual = { 4: '10.96.77.7', 6: 'fd00:10:96::77' } as const;
export const groups = { 4: '239.77.0.1', 6: 'ff15::7701' } as const;

/** Where the sender sends to. */
export function targetOf(lab: Lab, { family, nat }: Cell): string {
  if (nat === 'dnat' || nat === 'both') return virtual[family];
  const { ip, ip6 } = lab.pod(RECEIVER);
  return family === '4' ? ip : ip6;
}

export async function applyCell(lab: Lab, cell: Cell): Promise<void> {
  await Promise.all([setPods(lab, cell), setNodes(lab, cell), setNat(lab, cell)]);
}

/** A device that carries no more than 64 KiB, as a TAP does, stays as it is. */
const superPackets = (device: string, { bigTcp }: Cell): string =>
  `${numberedProgram} bigtcp ${device} ${bigTcp === 'on' ? 180_000 : 65_536} 2>/dev/null || true`;

async function setPods(lab: Lab, cell: Cell): Promise<void> {
  const { podSegmentation: segmentation, timestamps } = cell;
  const stamps = timestamps === 'on' ? 1 : 0;
  const pods = [SENDER, RECEIVER].map((pod) => lab.netns(pod));
  const script = `echo ${stamps} > /proc/sys/net/ipv4/tcp_timestamps; ${features('eth0', { segmentation })}; ${superPackets('eth0', cell)}`;
  await Promise.all(pods.map((netns) => run(inNamespace(netns, ['sh', '-e', '-c', script]))));
}

async function setNodes(lab: Lab, cell: Cell): Promise<void> {
  const uplink = { segmentation: cell.uplinkSegmentation, gro: cell.uplinkGro, udpGro: cell.udpGro };
  const each = NODES.map((name) => {
    const veths = lab.node(name).pods.map((pod) => `veth${pod.name}`);
    const tunnel = cell.network === 'vxlan' ? ['flannel.1'] : [];
    const script = [
      features('eth0', uplink),
      ...tunnel.map((device) => features(device, { gro: cell.tunnelGro })),
      ...veths.map((device) => features(device, { gro: cell.podGro })),
      ...['eth0', 'cni0', ...tunnel, ...veths].map((device) => superPackets(device, cell)),
    ];
    return run(inNamespace(lab.netns(name), ['sh', '-e', '-c', script.join('; ')]));
  });
  await Promise.all(each);
} // prettier-ignore

/** A TAP device has some of these fixed: what cannot be set stays as it is. */
function features(device: string, { segmentation, gro, udpGro }: { segmentation?: string; gro?: string; udpGro?: string }): string {
  const words: string[] = [];
  const segmenting = ['tso', 'gso', 'tx-udp-segmentation', 'tx-udp_tnl-segmentation', 'tx-udp_tnl-csum-segmentation'];
  if (segmentation !== undefined) words.push(...segmenting.map((name) => `${name} ${segmentation}`));
  if (gro !== undefined) words.push(`gro ${gro}`);
  if (udpGro !== undefined) words.push(`rx-udp-gro-forwarding ${udpGro}`);
  return words.map((word) => `ethtool -K ${device} ${word} 2>/dev/null || true`).join('; ');
} // prettier-ignore

/** Translation on the sender's node, of whatever protocol; without any, nothing there tracks connections either. */
async function setNat(lab: Lab, cell: Cell): Promise<void> {
  const rules = natRules(lab, cell);
  const netns = lab.netns(FROM_NODE);
  const clear = ['ip', 'ip6'].map((family) => `table ${family} matrix\ndelete table ${family} matrix`).join('\n');
  await run(inNamespace(netns, ['nft', '-f', '-']), { input: `${clear}\n${rules}\n` });
}

export function natRules(lab: Lab, { family, nat }: Cell): string {
  if (nat === 'none') return '';
  const [sender, receiver] = [lab.pod(SENDER), lab.pod(RECEIVER)].map((pod) => (family === '4' ? pod.ip : pod.ip6));
  const ip = family === '4' ? 'ip' : 'ip6';
  const dnat = nat === 'snat' ? '' : `${ip} daddr ${virtual[family]} dnat to ${receiver}`;
  const ours = `${ip} saddr ${sender} ${ip} daddr ${receiver}`;
  const snat =
    nat === 'dnat' ? '' : `${ours} meta l4proto { tcp, udp } masquerade fully-random\n    ${ours} masquerade`;
  return `table ${ip} matrix {
  chain prerouting {
    type nat hook prerouting priority dstnat
    ${dnat}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    ${snat}
  }
}`;
}
