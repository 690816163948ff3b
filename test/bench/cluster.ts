/** A lab of two nodes for a measurement, removed after it whatever happens, and traffic in it. */
import type { ChildProcess } from 'node:child_process';
import { createLab, type Lab } from '../lab/index.ts';

export async function withLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab('flannel-vxlan', { signals: false });
  try {
    return await work(lab);
  } finally {
    await lab.down();
  }
}

/** The first pods of the two nodes. */
export function ends(lab: Lab): { from: string; to: string; address: string } {
  const [from, to] = lab.nodes.map((node) => node.pods[0]);
  return { from: from.name, to: to.name, address: to.ip };
}

/** Starts iperf3 as a server in a pod; resolves when it listens. */
export async function startIperfServer(lab: Lab, pod: string): Promise<ChildProcess> {
  const child = lab.spawn(pod, ['iperf3', '--server', '--forceflush'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (text: string): void => {
      said += text;
      if (said.includes('Server listening')) resolve();
    };
    child.stdout!.setEncoding('utf8').on('data', listen);
    child.stderr!.setEncoding('utf8').on('data', listen);
    child.once('error', reject);
    child.once('close', () => reject(new Error(`iperf3 did not start to listen: ${said.trim()}`)));
  });
  return child;
}

/** Starts a sender that goes on until it is ended. */
export const startSender = (lab: Lab, pod: string, argv: string[]): ChildProcess =>
  lab.spawn(pod, argv, { stdio: ['ignore', 'ignore', 'ignore'] });

/** Ends what may have ended already. */
export const dismiss = (...children: ChildProcess[]): void => children.forEach((child) => child.kill('SIGKILL'));
