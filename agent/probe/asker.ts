/** Asks peers, all of them every so often; what matters is that the datagrams pass the uplinks, both ways. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Kind, decodeDatagram, encodeDatagram, keyOf } from './datagram.ts';

/** Where a node's agent answers. */
export interface Asked {
  node: string;
  address: string;
  port: number;
}

export interface AskedCounts {
  questions: number;
  answers: number;
}

export interface Asker {
  start(): void;
  /** Closes its sockets; it can be started again. */
  stop(): void;
  /** By node, since the agent's start. */
  counts: () => ReadonlyMap<string, AskedCounts>;
}

export interface AskerOptions {
  token: string;
  everyMs: number;
  /** Whom to ask now. */
  peers: () => Asked[];
}

/** Beyond, the oldest without an answer is given up. */
const MAX_OPEN = 4096;

export function createAsker({ token, everyMs, peers }: AskerOptions): Asker {
  const key = keyOf(token);
  const session = randomBytes(8).readBigUInt64BE();
  const counts = new Map<string, AskedCounts>();
  /** Questions without an answer yet, and whose they are. */
  const open = new Map<number, AskedCounts>();
  const sockets = new Map<'udp4' | 'udp6', Socket>();
  let number = 0;
  let timer: NodeJS.Timeout | undefined;

  function hear(bytes: Uint8Array): void {
    const answer = decodeDatagram(key, bytes);
    if (answer?.kind !== Kind.answer || answer.session !== session) return;
    const of = open.get(answer.number);
    if (!of) return;
    of.answers++;
    open.delete(answer.number);
  }

  /** Never connected: Linux then numbers its IPv4 packets with 0, as the identity wants it. */
  function socketOf(family: 'udp4' | 'udp6'): Socket {
    const known = sockets.get(family);
    if (known) return known;
    const socket = createSocket(family);
    socket.on('message', hear);
    // A machine without this family: its questions stay without answers.
    socket.on('error', () => {});
    sockets.set(family, socket);
    return socket;
  }

  function ask({ node, address, port }: Asked): void {
    const of = counts.get(node) ?? { questions: 0, answers: 0 };
    counts.set(node, of);
    of.questions++;
    open.set(++number, of);
    if (open.size > MAX_OPEN) open.delete(open.keys().next().value!);
    const question = encodeDatagram(key, { kind: Kind.question, session, number });
    const to = address.replace(/^::ffff:(?=[\d.]+$)/, '');
    socketOf(isIPv6(to) ? 'udp6' : 'udp4').send(question, port, to, () => {});
  }

  function stop(): void {
    clearInterval(timer);
    for (const socket of sockets.values()) socket.close();
    sockets.clear();
    open.clear();
  }

  return {
    start() {
      stop();
      timer = setInterval(() => peers().forEach(ask), everyMs);
    },
    stop,
    counts: () => counts,
  };
}
