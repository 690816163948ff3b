/**
 * `npm run demo`: two nodes as Flannel lays them out, real traffic between their pods, an agent on each, and what hoplens
 * makes of it on its page and in the terminal. Ctrl-C, or the end of --for, removes everything; what a kill -9 leaves the next start removes.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_ADDRESS } from '../../agent/client/protocol.ts';
import { trace } from '../../agent/commands/trace.ts';
import { version } from '../../agent/commands/version.ts';
import { runRecord } from '../../agent/recording/record.ts';
import { runReplay } from '../../agent/recording/replay.ts';
import { deferred } from '../../agent/daemon/deferred.ts';
import { duration } from '../../agent/commands/options.ts';
import { LabError, createLab, labMissing, type Lab } from '../lab/index.ts';
import { startAgents } from '../lab/agents.ts';
import { makeAnonymous } from './anonymous.ts';
import { startTraffic, type TrafficKind } from '../traffic/start.ts';

const usage = `npm run demo -- [--for 30s] [--json] [--replay | --record FILE]
  --for TIME      end by itself, with a table
  --json          print paths and a summary as JSON lines instead of drawing them
  --replay        show a recorded session of this demo; needs neither root nor eBPF
  --record FILE   make such a recording, of --for seconds or until Ctrl-C`;

const RECORDING = fileURLToPath(new URL('../test/fixtures/demo.hoplens', import.meta.url));
/** Records per second and node: small enough to be committed. */
const RECORDING_BUDGET = '600';

const kinds: TrafficKind[] = ['ping', 'http', 'bulk', 'udp', 'local'];

/** As pods meet each other in Kubernetes: by a Service's address, which the node translates. */
const service = { name: 'api', clusterIp: '10.96.0.10', port: 80, pods: ['api'], targetPort: 8080 };
const throughService = ['--to', service.clusterIp, '--port', String(service.port)];

/** Enough to make segmentation offload work, and to leave this machine usable. */
const client = { bulk: ['--rate-mbit', '300'], http: throughService };
/** Less of everything, so that few records show much of it. */
const quietClient = {
  bulk: ['--rate-mbit', '30'],
  http: ['--rate', '40', ...throughService],
  local: ['--rate', '40'],
  udp: ['--rate', '40'],
};

/** What shells say of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Options {
  for?: number;
  json: boolean;
  replay: boolean;
  record?: string;
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      for: { type: 'string' },
      json: { type: 'boolean', default: false },
      replay: { type: 'boolean', default: false },
      record: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  const { json, replay, record } = values;
  if (replay && record !== undefined) throw new Error('--replay and --record exclude each other');
  return {
    json,
    replay,
    ...(record !== undefined && { record }),
    ...(values.for !== undefined && { for: duration(values.for) }),
  };
}

/** Traces or records the lab until the time is over or somebody interrupts. */
function look(url: string, tokenFile: string, options: Options, signal: AbortSignal): Promise<number> {
  if (options.record === undefined)
    return trace('', { gateway: url, tokenFile, note: pageOf(url), ...timing(options) }, signal);
  return record(options.record, url, tokenFile, options, signal);
}

async function record(out: string, gateway: string, tokenFile: string, options: Options, signal: AbortSignal) {
  const code = await runRecord({ out, gateway, tokenFile, force: true, signal, ...recordTiming(options) });
  if (code === 0) await makeAnonymous(out);
  return code;
}

const timing = ({ json, for: forMs }: Options) => ({ json, ...(forMs !== undefined && { for: forMs }) });
const recordTiming = ({ for: forMs }: Options) => ({ ...(forMs !== undefined && { forMs }) });

/** Where an agent listens by default, so that the address is the same each time; any other where that is taken. */
async function pagePort(): Promise<number> {
  const preferred = Number(new URL(`http://${DEFAULT_ADDRESS}`).port);
  const server = createServer().listen(preferred, '127.0.0.1');
  try {
    await once(server, 'listening');
    return preferred;
  } catch {
    return 0;
  } finally {
    server.close();
  }
}

const pageOf = (url: string): string => `the page: ${url.replace(/^ws/, 'http')}/   Ctrl-C ends all`;
const sayPage = (url: string): void => say(`\n    ${pageOf(url)}\n`);

async function show(lab: Lab, options: Options, signal: AbortSignal): Promise<number> {
  const args = options.record === undefined ? [] : ['--budget', RECORDING_BUDGET];
  await lab.addService(service);
  signal.throwIfAborted();
  const agents = await startAgents(lab, { port: await pagePort(), args, names: true });
  try {
    signal.throwIfAborted();
    say(`an agent on each node; the gateway serves ${agents.url} (hoplens trace --gateway ${agents.url})`);
    const traffic = await startTraffic(lab, kinds, { client: options.record === undefined ? client : quietClient });
    say(`traffic: ${kinds.join(', ')}; Ctrl-C ends all`);
    sayPage(agents.url);
    const code = await look(agents.url, agents.tokenFile, options, signal);
    await traffic.stop();
    return code;
  } finally {
    await agents.stop();
  }
}

/** The recorded session instead: marked as one, and the same picture. */
async function replay(options: Options, signal: AbortSignal): Promise<number> {
  say('a RECORDED session of this demo, not live; Ctrl-C ends it');
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  const url = deferred<string>();
  const replaying = runReplay({
    file: RECORDING, listen: { host: '127.0.0.1', port: await pagePort() }, version, loop: true, signal: stop.signal,
    say: () => undefined,
    onListening: (server) => {
      sayPage(server.url);
      url.resolve(server.url);
    },
  }); // prettier-ignore
  const failed = replaying.then((code) => {
    if (code !== 0) throw new LabError('missing', `${RECORDING} cannot be replayed: hoplens replay says why`);
    return '';
  });
  const gateway = await Promise.race([url.promise, failed]);
  const code = await trace('', { gateway, note: `RECORDED, not live; ${pageOf(gateway)}`, ...timing(options) }, signal);
  stop.abort();
  await replaying;
  return code;
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions();
  } catch (error) {
    say(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort());
  const { signal } = controller;
  try {
    return await (options.replay ? replay(options, signal) : live(options, signal));
  } catch (error) {
    // A terminal's Ctrl-C also ends what is just starting, and we may hear of that first: then nothing failed.
    await setImmediate();
    if (!signal.aborted) throw error;
    return INTERRUPTED;
  }
}

async function live(options: Options, signal: AbortSignal): Promise<number> {
  const missing = await labMissing();
  signal.throwIfAborted();
  if (missing.length > 0) {
    say(`the demo cannot run here: ${missing.join('; ')}\nnpm run demo -- --replay shows a recorded session of it`);
    return 1;
  }
  const lab = await createLab('flannel-vxlan', { signals: false });
  try {
    say(`lab ${lab.id}: ${lab.nodes.map((node) => `${node.name} with ${node.pods.map((pod) => `${pod.name} ${pod.ip}`).join(' and ')}`).join(', ')}`); // prettier-ignore
    return await show(lab, options, signal);
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
