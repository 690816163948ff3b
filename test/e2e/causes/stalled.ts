/** A server in a pod that does not take what comes: its process is stopped. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Lab } from '../../lab/index.ts';
import { trafficCommand } from '../../traffic/start.ts';
import type { Maker } from './cause.ts';

export const stalled =
  (pod: string, kind: 'udp' | 'http'): Maker =>
  async (lab: Lab) => {
    const child = lab.spawn(pod, [...trafficCommand(), 'server', kind], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(createInterface({ input: child.stdout! }), 'line');
    child.kill('SIGSTOP');
    return {
      async undo() {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      },
    };
  };
