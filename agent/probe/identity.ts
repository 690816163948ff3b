/**
 * Gives a datagram an identity that is sampled at every exponent. Identity is made in bpf/identity.h and nowhere else; but its
 * mixing loses nothing, so of 32 bytes of content the last eight can be computed that lead to an identity which was chosen
 * before. Go's tests hold this against the kernel program.
 */

/** Of a UDP payload that goes into its identity (CONTENT_BYTES). */
export const CONTENT_BYTES = 32;
const WORDS = CONTENT_BYTES / 8;

const IDENTITY_UDP = 5;
const MIX = 0x9e3779b97f4a7c15n;
const FIRST = 0xff51afd7ed558ccdn;
const SECOND = 0xc4ceb9fe1a85ec53n;

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** What an odd number is multiplied by to give 1: each of Newton's steps doubles the bits that are right. */
function inverseOf(odd: bigint): bigint {
  let inverse = odd;
  for (let bits = 3; bits < 64; bits *= 2) inverse = u64(inverse * (2n - odd * inverse));
  return inverse;
}

const UNMIX = inverseOf(MIX);
const UNFIRST = inverseOf(FIRST);
const UNSECOND = inverseOf(SECOND);

/** Half of the bits and more are untouched by this, so that the same again takes it back. */
const fold = (hash: bigint, bits: bigint): bigint => hash ^ (hash >> bits);

export const begin = (kind: number): bigint => u64(0x2545f4914f6cdd1dn * BigInt(kind + 1));
export const mix = (hash: bigint, word: bigint): bigint => fold(u64((hash ^ word) * MIX), 32n);
const unmix = (mixed: bigint): bigint => u64(fold(mixed, 32n) * UNMIX);

export const finish = (hash: bigint): bigint => fold(u64(fold(u64(fold(hash, 33n) * FIRST), 33n) * SECOND), 33n);
const unfinish = (hash: bigint): bigint => fold(u64(fold(u64(fold(hash, 33n) * UNSECOND), 33n) * UNFIRST), 33n);

function mixFirst(content: DataView, length: number, words: number): bigint {
  let hash = mix(begin(IDENTITY_UDP), BigInt(length));
  for (let at = 0; at < words; at++) hash = mix(hash, content.getBigUint64(8 * at, true));
  return hash;
}

/** Of a datagram of `length` bytes, UDP header included, whose IPv4 id is 0 or which is IPv6. */
export const identityOf = (content: DataView, length: number): bigint => finish(mixFirst(content, length, WORDS));

/** Fills the last eight bytes of the content so that the datagram has this identity. */
export function giveIdentity(content: DataView, length: number, identity: bigint): void {
  const before = mixFirst(content, length, WORDS - 1);
  content.setBigUint64(CONTENT_BYTES - 8, before ^ unmix(unfinish(identity)), true);
}

/** Its low 32 bits are 0: a level that no exponent exceeds. */
export const sampledIdentity = (high: number): bigint => BigInt(high >>> 0) << 32n;
