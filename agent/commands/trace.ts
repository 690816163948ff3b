import { Command } from 'commander';
import { StreamError } from '../client/errors.ts';
import { DEFAULT_ADDRESS } from '../client/protocol.ts';
import { tokenFrom } from '../server/auth.ts';
import { ServerError } from '../server/errors.ts';
import { createFeed } from '../trace/feed.ts';
import { runTrace } from '../trace/run.ts';
import type { SlowLimit } from '../trace/slow.ts';
import { watchStdout } from './stdout.ts';
import {
  applyConfig,
  configOption,
  duration,
  gatewayOption,
  history,
  integer,
  option,
  slow,
  tokenFileOption,
} from './options.ts';

export interface TraceCommandOptions {
  gateway: string;
  tokenFile?: string;
  since?: number;
  for?: number;
  count?: number;
  one?: boolean;
  slow?: SlowLimit;
  partial?: boolean;
  json?: boolean;
  /** Of the demo: where its page is. */
  note?: string;
}

const say = (line: string): void => void process.stderr.write(`hoplens trace: ${line}\n`);

/** Traces until --for, --count or Ctrl-C; the exit code. */
export async function trace(filter: string, options: TraceCommandOptions, signal?: AbortSignal): Promise<number> {
  const stdout = watchStdout(say);
  try {
    const token = tokenFrom(options.tokenFile, say);
    const code = await runTrace({
      feed: createFeed({ address: options.gateway, token, sinceMs: options.since ?? 0 }),
      filter,
      forMs: options.for,
      count: options.count,
      one: options.one,
      slow: options.slow,
      partial: options.partial,
      json: options.json,
      note: options.note,
      output: process.stdout,
      log: say,
      signal: AbortSignal.any([signal ?? interrupted(), stdout.broken]),
    });
    return stdout.exitCode() ?? code;
  } catch (error) {
    if (!(error instanceof StreamError) && !(error instanceof ServerError)) throw error;
    say(error.message);
    return error.code === 'address' || error.code === 'token-file' ? 2 : 1;
  }
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

export function traceCommand(exit: (code: number) => void): Command {
  return new Command('trace')
    .summary('draw the paths of packets, live in the terminal')
    .description(
      'Reads the stream of an agent and its peers, joins what they saw of the same packets and draws each path as a ruler: ' +
        'devices as ticks, segments between them with their p50 and p99, what encapsulation adds, what was lost, what hurts, ' +
        'and what changed on the nodes meanwhile.',
    )
    .argument(
      '[filter...]',
      'as tcpdump has it (tcp port 80, src net 10.244), and pod:NAME, namespace:, service:, node:, device:, verdict:, ' +
        'latency>5ms, with and, or, not; all paths without it',
    )
    .addOption(gatewayOption(DEFAULT_ADDRESS))
    .addOption(tokenFileOption())
    .addOption(
      option(
        '--since <time>',
        'first what agents keep of the last time (hoplens agent --history), then go on live',
      ).argParser(history),
    )
    .addOption(
      option(
        '--for <time>',
        'end after this time, as in 10s or 5m; behind --since, 0s ends where the present begins',
      ).argParser(duration),
    )
    .addOption(option('--count <number>', 'end after this many paths').argParser(integer(1, 1e9)))
    .addOption(
      option(
        '--one',
        'wait for one packet, draw it hop by hop and what came back, and end; 1 is the exit code if none came',
      ).conflicts('count'),
    )
    .addOption(
      option(
        '--slow <limit>',
        'only packets that took longer: than a time (5ms, 200us), or than 99 % of those before them on the same way between the same ends (p99, known after 200 of them)',
      ).argParser(slow),
    )
    .addOption(option('--partial', 'also paths whose beginning no agent saw'))
    .addOption(option('--json', 'one JSON object a line: paths, changes on the nodes, then a summary'))
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  hoplens trace                                  everything, until Ctrl-C\n' +
        '  hoplens trace --for 10s tcp and port 80        ten seconds of HTTP, then a table\n' +
        '  hoplens trace --one icmp                       one ping and its answer, hop by hop (--json: as JSON)\n' +
        '  hoplens trace --one verdict:dropped            the next packet that is dropped, and why\n' +
        "  hoplens trace 'pod:web and latency>5ms'        what is slow from or to a pod\n" +
        '  hoplens trace --one --slow p99 tcp port 80     the next packet that is slow for its way\n' +
        '  hoplens trace --since 5m --for 0s              the last five minutes, then a table\n' +
        '\nEach agent is a gateway to the peers it was started with; --gateway ws://HOST:PORT names another than the local one.',
    )
    .action(async (words: string[], options: TraceCommandOptions) => exit(await trace(words.join(' '), options)));
}
