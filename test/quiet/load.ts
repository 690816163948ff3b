/** A healthy network whose load never stays the same: kinds of traffic come and go, by twos, in a fixed order. */
import type { Lab } from '../lab/index.ts';
import { startTraffic, type TrafficKind } from '../traffic/start.ts';

const PHASE_MS = 6000;

const kinds: [kind: TrafficKind, client: string[]][] = [
  ['http', ['--rate', '20']],
  ['bulk', ['--rate-mbit', '20']],
  ['udp', ['--rate', '1000', '--port', '5354']],
  ['http', ['--rate', '300']],
  ['ping', ['--rate', '100']],
  ['bulk', ['--rate-mbit', '100']],
];

/** What goes on below: paths that can be compared with themselves. */
export const steady = (lab: Lab): ReturnType<typeof startTraffic> =>
  startTraffic(lab, ['ping', 'udp', 'local'], { client: { ping: ['--rate', '20'], local: ['--rate', '20'] } });

/** One phase after the other for about so long. */
export async function changeLoad(lab: Lab, forMs: number): Promise<void> {
  const untilMs = Date.now() + forMs;
  for (let phase = 0; Date.now() < untilMs; phase++) {
    const [kind, client] = kinds[phase % kinds.length];
    const port = kind === 'udp' ? { server: { udp: ['--port', '5354'] } } : {};
    const traffic = await startTraffic(lab, [kind], { forMs: PHASE_MS, client: { [kind]: client }, ...port });
    await traffic.results;
  }
}
