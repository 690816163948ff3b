/** An agent on every node of a lab, as the demo and the end-to-end tests want them. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from './error.ts';
import type { Lab, LabNode } from './lab.ts';
import { labNames, writeNames } from './names.ts';
import { agentsFolder } from './state.ts';

const PEER_PORT = 9430;
const START_MS = 60_000;

export interface AgentsOptions {
  /** Of the gateway's socket in this process's namespace; 0 takes any. */
  port?: number;
  /** More arguments of every agent, or of the agent of one node. */
  args?: string[] | ((node: string) => string[]);
  /** Give the gateway's agent a file with the names of the lab's pods and services. */
  names?: boolean;
  /** Whose agent serves readers; the first node by default. */
  gateway?: string;
}

export interface Agents {
  /** Of the gateway, on this machine's loopback. */
  url: string;
  /** What agents listen with beyond loopback. */
  tokenFile: string;
  /** Whether there is one or not. */
  namesFile: string;
  process(node: string): ChildProcess;
  /** What an agent wrote to stderr. */
  log(node: string): string;
  /** Starts the agent of a node (again), with its former options; resolves when it is attached. */
  start(node: string): Promise<void>;
  /** Sends a signal and waits for the end; gives the exit code, or null where the signal ended it. */
  end(node: string, signal?: NodeJS.Signals): Promise<number | null>;
  stop(): Promise<void>;
}

/** The command line of hoplens as `npm run build` made it. */
export function hoplensCommand(): string[] {
  const folder = import.meta.url.endsWith('.ts') ? '../../.build/' : './';
  const file = fileURLToPath(new URL(`${folder}hoplens.mjs`, import.meta.url));
  if (!existsSync(file)) throw new LabError('missing', `${file} is missing: run npm run build`);
  return [process.execPath, file];
}

/**
 * Starts an agent per node. The gateway's socket is opened here, in the namespace of whoever wants to read, and handed
 * down; the others listen on their node's address with a token.
 * @throws LabError with what the agent said where one does not start
 */
export async function startAgents(lab: Lab, options: AgentsOptions = {}): Promise<Agents> {
  const folder = agentsFolder(lab.id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  const namesFile = join(folder, 'names.json');
  if (options.names) writeNames(namesFile, labNames(lab));
  const gateway = options.gateway ?? lab.nodes[0].name;
  let port = options.port ?? 0;
  const processes = new Map<string, ChildProcess>();
  const logs = new Map<string, string>();

  function argumentsOf(node: LabNode): string[] {
    const others = lab.nodes.filter((other) => other.name !== node.name);
    const more = typeof options.args === 'function' ? options.args(node.name) : (options.args ?? []);
    const listen = node.name === gateway ? 'fd:3' : `${node.address}:${PEER_PORT}`;
    const peers = node.name === gateway ? others.flatMap((o) => ['--peer', `ws://${o.address}:${PEER_PORT}`]) : []; // prettier-ignore
    // One of them tells all readers.
    const names = options.names && node.name === gateway ? ['--names', namesFile] : [];
    return ['agent', '--node', node.name, '--listen', listen, '--token-file', tokenFile, ...names, ...peers, ...more];
  }

  async function start(name: string): Promise<void> {
    const node = lab.node(name);
    const socket = name === gateway ? await openSocket(port) : undefined;
    if (socket) port = (socket.address() as AddressInfo).port;
    const inherited = socket ? descriptorOf(socket) : 'ignore';
    const child = lab.spawn(name, [...hoplensCommand(), ...argumentsOf(node)], { stdio: ['ignore', 'ignore', 'pipe', inherited] }); // prettier-ignore
    // The child has its own descriptor of it; as long as this one is open both would accept.
    socket?.close();
    processes.set(name, child);
    logs.set(name, '');
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => {
        child.kill('SIGKILL');
        reject(new LabError('agent', `the agent of ${name} ${what}: ${logs.get(name)}`));
      };
      const timer = setTimeout(() => fail('did not start within a minute'), START_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(`ended with ${code}`);
      });
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        logs.set(name, logs.get(name)! + text);
        if (!logs.get(name)!.includes('listening on')) return;
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve();
      });
    });
  }

  async function end(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = processes.get(name)!;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }

  const stop = async (): Promise<void> => {
    await Promise.all([...processes.keys()].map((name) => end(name)));
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    await Promise.all(lab.nodes.map((node) => start(node.name)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    get url() {
      return `ws://127.0.0.1:${port}`;
    },
    tokenFile,
    namesFile,
    process: (node) => processes.get(node)!,
    log: (node) => logs.get(node)!,
    start,
    end,
    stop,
  };
}

const descriptorOf = (socket: Server): number => (socket as unknown as { _handle: { fd: number } })._handle.fd;

/** A listening socket of this namespace, to be handed down. */
async function openSocket(port: number): Promise<Server> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1' });
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new LabError('port', taken ? `port ${port} of 127.0.0.1 is taken` : (error as Error).message);
  }
  return server;
}
