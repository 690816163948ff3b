/** Ways to make a cause: commands on a node or in a pod, and the commands that undo them. */
import type { Lab } from '../../lab/index.ts';
import type { Made, Maker } from './cause.ts';

/** `n2: ip link set ...`: the first word says where, blanks separate the words, {api} is that pod's MAC address. */
async function runAt(lab: Lab, line: string): Promise<void> {
  const [where, ...words] = line.split(' ');
  const argv = await Promise.all(words.map(async (word) => (/^\{\w+\}$/.test(word) ? macOf(lab, word.slice(1, -1)) : word))); // prettier-ignore
  await lab.exec(where.replace(':', ''), argv);
}

async function macOf(lab: Lab, pod: string): Promise<string> {
  const { stdout } = await lab.exec(pod, ['ip', '-j', 'link', 'show', 'eth0']);
  return (JSON.parse(stdout) as [{ address: string }])[0].address;
}

/** Runs the lines one after the other, and the others to undo it. */
export const lines =
  (making: string[], undoing: string[]): Maker =>
  async (lab) => {
    for (const line of making) await runAt(lab, line);
    return {
      undo: async () => {
        for (const line of undoing) await runAt(lab, line);
      },
    };
  };

/** Nothing needs to be made: the traffic itself is the cause. */
export const nothing: Maker = lines([], []);

/** An nft chain of its own with one rule that counts what matches, and drops it or does something else to it. */
export const nft =
  (where: string, family: string, chain: string, match: string, action = 'drop'): Maker =>
  async (lab) => {
    const rule = `${match} counter ${action}`;
    const input = `table ${family} cause {\n chain cause { type filter hook ${chain}; ${rule}; }\n}\n`;
    await lab.exec(where, ['nft', '-f', '-'], { input });
    return {
      undo: () => lab.exec(where, ['nft', 'delete', 'table', family, 'cause']),
      async dropped() {
        const { stdout } = await lab.exec(where, ['nft', 'list', 'table', family, 'cause']);
        return Number(/counter packets (\d+)/.exec(stdout)?.[1]);
      },
    };
  };

/** Sysctls of a namespace: paths under /proc/sys, and their values before and after. */
export const sysctl =
  (where: string, path: string, value: string, usual: string): Maker =>
  async (lab) => {
    const write = (text: string): Promise<unknown> => lab.exec(where, ['sh', '-c', `echo ${text} > /proc/sys/${path}`]);
    await write(value);
    return { undo: () => write(usual) };
  };

/** A small queue at a device; the kernel counts what did not fit. */
export const queue =
  (where: string, device: string, ...qdiscs: string[]): Maker =>
  async (lab) => {
    for (const qdisc of qdiscs) await runAt(lab, `${where}: tc qdisc add dev ${device} ${qdisc}`);
    return {
      undo: () => runAt(lab, `${where}: tc qdisc del dev ${device} root`),
      async dropped() {
        const { stdout } = await lab.exec(where, ['tc', '-s', '-j', 'qdisc', 'show', 'dev', device]);
        const [root] = JSON.parse(stdout) as { drops: number; root?: boolean }[];
        return root.drops;
      },
    };
  };

/** A pod's own count of something: a field of /proc/net/snmp or /proc/net/netstat. */
export const counted =
  (pod: string, file: 'snmp' | 'netstat', field: string): Maker =>
  async (lab) => {
    const read = async (): Promise<number> => {
      const rows = (await lab.exec(pod, ['cat', `/proc/net/${file}`])).stdout.split('\n').map((row) => row.split(' '));
      const at = rows.findIndex(
        (row) => `${row[0]}` === `${field.split('.')[0]}:` && row.includes(field.split('.')[1]),
      );
      return Number(rows[at + 1][rows[at].indexOf(field.split('.')[1])]);
    };
    const before = await read();
    return { undo: () => Promise.resolve(), dropped: async () => (await read()) - before };
  };

/** Several together, undone in the opposite order; the last that counts is the one that is asked. */
export const all =
  (...makers: Maker[]): Maker =>
  async (lab) => {
    const made: Made[] = [];
    for (const make of makers) made.unshift(await make(lab));
    const dropped = made.find((each) => each.dropped)?.dropped;
    return {
      undo: async () => {
        for (const each of made) await each.undo();
      },
      ...(dropped && { dropped }),
    };
  };
