import { existsSync } from 'node:fs';
import { hasCommand } from './build.ts';
import { wireProgram } from './places.ts';
import { run } from './run.ts';

/** What a lab may need beyond the rest: only looked for when asked. */
export interface Needs {
  wire?: boolean;
}

const commands: [name: string, debianPackage: string][] = [
  ['ip', 'iproute2'],
  ['bridge', 'iproute2'],
  ['nft', 'nftables'],
  ['ethtool', 'ethtool'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
];

const devices: [what: string, commands: string][] = [
  ['veth pairs (module veth)', 'ip link add probe0 type veth peer name probe1'],
  ['bridges (module bridge)', 'ip link add probe0 type bridge'],
  ['VXLAN (module vxlan)', 'ip link add probe0 type vxlan id 1 local 192.0.2.1 dstport 8472 nolearning'],
];

/** One short line for each thing that a lab needs and this machine lacks; none if labs can be built here. */
export async function labMissing(needs: Needs = {}): Promise<string[]> {
  if (process.platform !== 'linux') return ['Linux: a lab is made of network namespaces'];
  if (process.geteuid!() !== 0) return ['root: namespaces and devices can only be made by root'];
  const absent = commands.filter(([name]) => !hasCommand(name));
  if (absent.length > 0) return absent.map(([name, pack]) => `the command ${name} (Debian package ${pack})`);
  if (!(await works('true'))) return ['network namespaces: this kernel or container does not let root make one'];
  const tried = await Promise.all(devices.map(async ([what, script]) => ((await works(script)) ? [] : [what])));
  return [...tried.flat().map((what) => `${what} in this kernel`), ...(needs.wire ? wireMissing() : [])];
}

/** What topologies with VLANs want beside; undefined where it is there. */
export async function vlanMissing(): Promise<string | undefined> {
  const script =
    'ip link add probe0 type veth peer name probe1 && ip link add link probe0 name probe0.1 type vlan id 1';
  return (await works(script)) ? undefined : 'needs a kernel with VLAN devices (module 8021q)';
}

/** Tries in a namespace without name, which is gone with the process whatever happens. */
async function works(script: string): Promise<boolean> {
  return (await run(['unshare', '--net', 'sh', '-c', script], { allowFailure: true })).status === 0;
}

export function wireMissing(): string[] {
  if (!existsSync('/dev/net/tun')) return ['/dev/net/tun (module tun): the wire joins the nodes by TAP devices'];
  if (!existsSync(wireProgram)) return [`the wire (${wireProgram}): build it with "npm run build"`];
  return [];
}
