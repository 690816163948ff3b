import { bulkClient, bulkServer, type BulkSummary } from './bulk.ts';
import { httpClient, httpServer, type HttpSummary } from './http.ts';
import { parseCommand, usage, type Command, type TrafficOptions } from './options.ts';
import { pingClient, type PingSummary } from './ping.ts';
import { udpClient, udpServer, type UdpSummary } from './udp.ts';

/*
 * Traffic generators, run inside pods: `main.ts server|client KIND …`. One JSON object per line on stdout; a server
 * says {"type":"listening"} when it can be reached, a client ends with {"type":"summary", …}. SIGTERM ends both, the
 * client with its summary. Exit status: 0 done, 1 failed or payload damaged, 2 wrong usage.
 */

export type Summary = PingSummary | HttpSummary | BulkSummary | UdpSummary;

const say = (line: object) => process.stdout.write(JSON.stringify(line) + '\n');

function serve({ kind, options }: Command): void {
  if (kind === 'udp') {
    const socket = udpServer('udp6'); // takes IPv4 too
    socket.bind(options.port, () => say({ type: 'listening', kind, port: options.port }));
    return;
  }
  if (kind === 'ping') throw new Error('the kernel answers pings: there is no server to start');
  const server = kind === 'http' ? httpServer(options) : bulkServer();
  server.on('error', (error) => fail(error, 1));
  server.listen(options.port, () => say({ type: 'listening', kind, port: options.port }));
}

function load(kind: Command['kind'], options: TrafficOptions, signal: AbortSignal): Promise<Summary> {
  switch (kind) {
    case 'ping':
      return pingClient(options, signal);
    case 'http':
      return httpClient(options, signal);
    case 'bulk':
      return bulkClient(options, signal);
    case 'udp':
      return udpClient(options, signal, options.each ? (report) => say({ type: 'datagram', ...report }) : undefined);
  }
}

async function runClient({ kind, options }: Command): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const timer = options.forMs < Infinity ? setTimeout(() => stop.abort(), options.forMs) : undefined;
  const summary = await load(kind, options, stop.signal);
  clearTimeout(timer);
  say({ type: 'summary', to: options.to, ...summary });
  process.exitCode = summary.kind === 'bulk' && (summary.wrongStreams > 0 || summary.unreported > 0) ? 1 : 0;
}

function fail(error: unknown, status: number): void {
  process.stderr.write(`traffic: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = status;
}

function main(argv: string[]): void {
  let command: Command;
  try {
    command = parseCommand(argv);
  } catch (error) {
    fail(error, 2);
    process.stderr.write(usage + '\n');
    return;
  }
  try {
    if (command.role === 'server') serve(command);
    else void runClient(command).catch((error: unknown) => fail(error, 1));
  } catch (error) {
    fail(error, 1);
  }
}

main(process.argv.slice(2));
