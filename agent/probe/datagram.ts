/**
 * The probe's datagrams: a question, and an answer that is no longer. Both are sealed with a key that is made of the agents'
 * token, and sampled by every node that they pass.
 *
 *    0  "hopl", version, kind, two bytes of 0
 *    8  the asker's session: eight random bytes
 *   16  number of the question, four bytes of 0
 *   24  eight bytes that lead to the identity (identity.ts)
 *   32  HMAC-SHA256 of all that, cut to 16 bytes
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { CONTENT_BYTES, giveIdentity, sampledIdentity } from './identity.ts';

export const Kind = { question: 1, answer: 2 } as const;

export interface Datagram {
  kind: (typeof Kind)[keyof typeof Kind];
  session: bigint;
  number: number;
}

const SEAL_BYTES = 16;
export const DATAGRAM_BYTES = CONTENT_BYTES + SEAL_BYTES;
const UDP_BYTES = 8;

const MAGIC = 0x686f706c; /* "hopl" */
const VERSION = 1;

/** A key of its own: whoever learns one seal knows nothing of the token. */
export const keyOf = (token: string): Buffer => createHmac('sha256', token).update('hoplens probe').digest();

export function encodeDatagram(key: Buffer, { kind, session, number }: Datagram): Uint8Array {
  const bytes = new Uint8Array(DATAGRAM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, kind);
  view.setBigUint64(8, session);
  view.setUint32(16, number);
  giveIdentity(view, UDP_BYTES + DATAGRAM_BYTES, sampledIdentity(randomInt(2 ** 32)));
  bytes.set(sealOf(key, bytes), CONTENT_BYTES);
  return bytes;
}

/** Undefined for whatever was not made with this key. */
export function decodeDatagram(key: Buffer, bytes: Uint8Array): Datagram | undefined {
  if (bytes.length !== DATAGRAM_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = view.getUint8(5);
  if (view.getUint32(0) !== MAGIC || view.getUint8(4) !== VERSION) return undefined;
  if (kind !== Kind.question && kind !== Kind.answer) return undefined;
  if (!timingSafeEqual(bytes.subarray(CONTENT_BYTES), sealOf(key, bytes))) return undefined;
  return { kind, session: view.getBigUint64(8), number: view.getUint32(16) };
}

const sealOf = (key: Buffer, bytes: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(bytes.subarray(0, CONTENT_BYTES)).digest().subarray(0, SEAL_BYTES);
