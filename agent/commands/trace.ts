import { Command } from 'commander';
import { StreamError } from '../client/errors.ts';
import { DEFAULT_ADDRESS, type Control } from '../client/protocol.ts';
import { connectStream, type Stream } from '../client/stream.ts';
import { tokenFrom } from '../server/auth.ts';
import { ServerError } from '../server/errors.ts';
import { runTrace, type FrameFeed } from '../trace/run.ts';
import { applyConfig, configOption, duration, gatewayOption, integer, option, tokenFileOption } from './options.ts';

export interface TraceCommandOptions {
  gateway: string;
  tokenFile?: string;
  for?: number;
  count?: number;
  partial?: boolean;
  json?: boolean;
  /** Of the demo: where its page is. */
  note?: string;
}

const say = (line: string): void => void process.stderr.write(`hoplens trace: ${line}\n`);

/** Frames of an agent and its peers. */
function feedOf(address: string, token: string | undefined): FrameFeed {
  let stream: Stream | undefined;
  let asked: Control | undefined;
  return {
    start(onFrame, onEnd) {
      stream = connectStream({
        address,
        scope: 'cluster',
        token,
        retry: 'once-up',
        onFrame,
        onState(state) {
          // The agent forgot it with the connection.
          if (state.state === 'up' && asked) stream?.send(asked);
          if (state.state === 'down') say(`${state.error.message}; trying again`);
          if (state.state === 'ended') onEnd(state.error?.message);
        },
        onGarbage: (error) => say(`skipped: ${error.message}`),
      });
    },
    stop: () => stream?.close(),
    send(control) {
      asked = control;
      stream?.send(control);
    },
  };
}

/** Traces until --for, --count or Ctrl-C; the exit code. */
export async function trace(filter: string, options: TraceCommandOptions, signal?: AbortSignal): Promise<number> {
  try {
    const token = tokenFrom(options.tokenFile, say);
    return await runTrace({
      feed: feedOf(options.gateway, token),
      filter,
      forMs: options.for,
      count: options.count,
      partial: options.partial,
      json: options.json,
      note: options.note,
      output: process.stdout,
      log: say,
      signal: signal ?? interrupted(),
    });
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
      'Reads the stream of an agent and its peers, joins what they saw of the same packets and draws each path as a ruler:\n' +
        'devices as ticks, segments between them with their p50 and p99, what encapsulation adds, what was lost.',
    )
    .argument(
      '[filter...]',
      'as tcpdump has it (tcp port 80, src net 10.244), and pod:NAME, namespace:, service:, node:, device:, verdict:, ' +
        'latency>5ms, with and, or, not; all paths without it',
    )
    .addOption(gatewayOption(DEFAULT_ADDRESS))
    .addOption(tokenFileOption())
    .addOption(option('--for <time>', 'end after this time, as in 10s or 5m').argParser(duration))
    .addOption(option('--count <number>', 'end after this many paths').argParser(integer(1, 1e9)))
    .addOption(option('--partial', 'also paths whose beginning no agent saw'))
    .addOption(option('--json', 'one JSON object a line: paths, then a summary'))
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  hoplens trace                                  everything, until Ctrl-C\n' +
        '  hoplens trace --for 10s tcp and port 80        ten seconds of HTTP, then a table\n' +
        '  hoplens trace --json --count 1 icmp            one ping, with every hop\n' +
        "  hoplens trace 'pod:web and latency>5ms'        what is slow from or to a pod\n" +
        '\nEach agent is a gateway to the peers it was started with; --gateway ws://HOST:PORT names another than the local one.',
    )
    .action(async (words: string[], options: TraceCommandOptions) => exit(await trace(words.join(' '), options)));
}
