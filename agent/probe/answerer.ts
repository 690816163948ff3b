/**
 * Answers the questions of other agents, and nobody else's. An answer is as long as its question, goes where that came
 * from, and each question has one at most: this is of no use against a third party.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { rateLimit } from '../server/control.ts';
import { listenError } from '../server/errors.ts';
import { Kind, decodeDatagram, encodeDatagram, keyOf } from './datagram.ts';

export interface Answerer {
  port: number;
  /** Questions answered so far. */
  answered: () => number;
  stop: () => void;
}

/** Datagrams looked at in a second: 200 agents that ask five times. */
const MOST_PER_SECOND = 1000;
const MAX_SESSIONS = 1024;

/**
 * Listens on UDP.
 * @param isAllowed whether one more datagram is looked at, in milliseconds of any origin
 * @throws ServerError
 */
export async function startAnswerer(
  token: string,
  host: string,
  port: number,
  isAllowed = rateLimit(MOST_PER_SECOND, 1000),
): Promise<Answerer> {
  const key = keyOf(token);
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const isFresh = createFreshness();
  let answered = 0;
  socket.on('message', (bytes, from) => {
    if (!isAllowed(performance.now())) return;
    const question = decodeDatagram(key, bytes);
    if (question?.kind !== Kind.question || !isFresh(question.session, question.number)) return;
    // What cannot be sent is a lost answer, as on the wire.
    socket.send(encodeDatagram(key, { ...question, kind: Kind.answer }), from.port, from.address, () => {});
    answered++;
  });
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, `UDP ${host}:${port}, for the probe`);
  }
  return { port: socket.address().port, answered: () => answered, stop: () => void socket.close() };
}

/** An asker's numbers rise: one that does not was caught on the wire and sent again. */
function createFreshness(): (session: bigint, number: number) => boolean {
  const highest = new Map<bigint, number>();
  return (session, number) => {
    const isFresh = number > (highest.get(session) ?? -1);
    if (!isFresh) return false;
    if (!highest.has(session) && highest.size >= MAX_SESSIONS) highest.delete(highest.keys().next().value!);
    highest.set(session, number);
    return true;
  };
}
