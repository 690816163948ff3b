/** `npm run check:quiet`: ten minutes of a healthy lab under changing load, in which nothing may be said to hurt. */
import { hear } from '../e2e/hearing.ts';
import { missing, startCluster } from '../e2e/support.ts';
import { changeLoad, steady } from './load.ts';

const minutes = Number(process.argv[2] ?? 10);
if (missing !== undefined) {
  console.error(`check:quiet needs root and a lab; missing: ${missing}`);
  process.exit(1);
}

await using cluster = await startCluster('flannel-vxlan', {
  lab: { signals: true },
  agents: { args: ['--queues', 'on'] },
});
await steady(cluster.lab);
console.log('learning for a minute');
using hearing = await hear(cluster.agents);
console.log(`${minutes} minutes under changing load; at first: ${hearing.line()}`);
await changeLoad(cluster.lab, minutes * 60_000);
const wrong = hearing.heard.filter(({ state }) => state === 'hurts');
for (const { line } of wrong) console.log(`said: ${line}`);
console.log(
  `${hearing.turns()} windows, ${wrong.length} sentences that something hurts; in the end: ${hearing.line()}`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
