/** The folder of scripts that bring up real CNI daemons: nodes and pods are network namespaces of these names. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hoplensCommand } from '../lab/agents.ts';
import { inNamespace, run } from '../lab/run.ts';
import type { Nodes } from './hoplens.ts';

export const addresses = { c1: '192.168.7.10', c2: '192.168.7.11' } as const;
export const nodeNames = ['c1', 'c2'] as const;
export type PodName = 'c1p1' | 'c1p2' | 'c2p1';

/** By device and hook: what runs there in order, as the id of its link and its name. */
export type Programs = Map<string, string[]>;

export interface Scripts extends Nodes {
  script(name: string, ...args: string[]): Promise<void>;
  podAddress(pod: PodName): Promise<string>;
  /** Names of a node's devices without loopback. */
  devices(node: string): Promise<string[]>;
  programs(node: string): Promise<Programs>;
}

const UP_MS = 180_000;

/** @throws Error where the folder is none that was built */
export function openScripts(folder: string): Scripts {
  const lister = join(folder, 'bin/tcxshow');
  for (const needed of [join(folder, 'cilium.sh'), join(folder, 'flannel.sh'), lister]) {
    if (!existsSync(needed)) throw new Error(`${needed} is missing: the folder's build.sh makes what its scripts need`);
  }
  const json = async <T>(...argv: string[]): Promise<T> => JSON.parse((await run(argv)).stdout) as T;
  return {
    async script(name, ...args) {
      // Daemons that it leaves behind hold its output open: it goes where nobody waits for its end.
      await run(['bash', '-c', '"$0" "$@" >/dev/null', join(folder, name), ...args], { timeoutMs: UP_MS });
    },
    hoplens(node, args) {
      const [command, ...rest] = inNamespace(node, [...hoplensCommand(), ...args]);
      return spawn(command, rest);
    },
    async podAddress(pod) {
      const links = await json<{ addr_info: { local: string }[] }[]>('ip', '-n', pod, '-j', '-4', 'addr', 'show', 'dev', 'eth0'); // prettier-ignore
      return links[0].addr_info[0].local;
    },
    async devices(node) {
      const links = await json<{ ifname: string; link_type: string }[]>('ip', '-n', node, '-j', 'link');
      return links.filter((link) => link.link_type !== 'loopback').map((link) => link.ifname);
    },
    programs: async (node) => parsePrograms((await run(inNamespace(node, [lister]))).stdout),
  };
}

/** `lxc1 ifindex=7 tcx/ingress prog=12 link=3 cil_from_container`. A link outlives the programs that its owner puts in it. */
export function parsePrograms(text: string): Programs {
  const found: Programs = new Map();
  for (const [, device, hook, link, name] of text.matchAll(/^(\S+) .*tcx\/(\S+) .*link=(\d+) (\S+)$/gm)) {
    const key = `${device} ${hook}`;
    found.set(key, [...(found.get(key) ?? []), `${link} ${name}`]);
  }
  return found;
}
