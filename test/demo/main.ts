/**
 * `npm run demo`: two nodes as Flannel lays them out, real traffic between their pods, an agent on each, and what hoplens
 * makes of it in the terminal. Ctrl-C, or the end of --for, removes everything; what a kill -9 leaves the next start removes.
 */
import { parseArgs } from 'node:util';
import { trace } from '../../agent/commands/trace.ts';
import { duration } from '../../agent/commands/options.ts';
import { LabError, createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents } from '../lab/agents.ts';
import { startTraffic, type TrafficKind } from '../traffic/start.ts';

const usage = `npm run demo -- [--for 30s] [--json]
  --for TIME   end by itself, with a table
  --json       print paths and a summary as JSON lines instead of drawing them`;

const kinds: TrafficKind[] = ['ping', 'http', 'bulk', 'udp', 'local'];

/** Enough to make segmentation offload work, and to leave this machine usable. */
const client = { bulk: ['--rate-mbit', '300'] };

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Options {
  for?: number;
  json: boolean;
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      for: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  return { json: values.json, ...(values.for !== undefined && { for: duration(values.for) }) };
}

async function show(lab: Lab, options: Options, signal: AbortSignal): Promise<number> {
  const agents = await startAgents(lab);
  try {
    say(`an agent on each node; the gateway serves ${agents.url} (hoplens trace --gateway ${agents.url})`);
    const traffic = await startTraffic(lab, kinds, { client });
    say(`traffic: ${kinds.join(', ')}; Ctrl-C ends all`);
    const code = await trace('', { gateway: agents.url, tokenFile: agents.tokenFile, ...options }, signal);
    await traffic.stop();
    return code;
  } finally {
    await agents.stop();
  }
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions();
  } catch (error) {
    say(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  const missing = await labMissing();
  if (missing.length > 0) {
    say(`the demo cannot run here: ${missing.join('; ')}`);
    return 1;
  }
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort());
  const lab = await createLab('flannel-vxlan', { signals: false });
  try {
    say(`lab ${lab.id}: ${lab.nodes.map((node) => `${node.name} with ${node.pods.map((pod) => `${pod.name} ${pod.ip}`).join(' and ')}`).join(', ')}`); // prettier-ignore
    return await show(lab, options, controller.signal);
  } finally {
    await lab.down();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  say(`the demo failed: ${error.message}`);
  process.exitCode = 1;
}
