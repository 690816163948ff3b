/**
 * Frames: the one currency. A live stream, the history, a recording and a test fixture are the same bytes.
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | u32 | magic "HOPL" |
 * | 4 | u8 | version |
 * | 5 | u8 | type |
 * | 6 | u16 | 0 |
 * | 8 | u32 | stream: chosen at random by each agent at each start |
 * | 12 | u32 | sequence: of this stream, rises by one a frame and wraps; a gap is a lost frame |
 * | 16 | u32 | bytes of payload, a multiple of 8 |
 * | 20 | u32 | milliseconds since the stream's start |
 *
 * All little-endian. JSON payloads are padded with spaces.
 */
export const MAGIC = 0x4c504f48;
export const VERSION = 3;
export const HEADER_BYTES = 24;
/** What belongs to no agent's stream: peers and history. Each such message is whole. */
export const NO_STREAM = 0;
export const MAX_PAYLOAD_BYTES = 8 << 20;

export const FrameType = {
  hello: 1, legs: 2, status: 3, devices: 4, missed: 5, peers: 6, places: 7, names: 8, history: 9,
} as const; // prettier-ignore
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export interface FrameHeader {
  type: FrameType;
  stream: number;
  sequence: number;
  timeMs: number;
}

export interface Frame extends FrameHeader {
  /** Aligned to 8 bytes in its buffer. */
  payload: Uint8Array;
}

export type WireErrorCode = 'short' | 'magic' | 'version' | 'type' | 'size' | 'json' | 'columns';

/** What was wrong with bytes that should have been a frame. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}

const knownTypes = new Set<number>(Object.values(FrameType));

/** Bytes that a payload of this size takes in a frame. */
export const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Writes a header at `offset`; `payloadBytes` must be a multiple of 8. */
export function writeHeader(view: DataView, offset: number, header: FrameHeader, payloadBytes: number): void {
  view.setUint32(offset, MAGIC, true);
  view.setUint8(offset + 4, VERSION);
  view.setUint8(offset + 5, header.type);
  view.setUint16(offset + 6, 0, true);
  view.setUint32(offset + 8, header.stream, true);
  view.setUint32(offset + 12, header.sequence, true);
  view.setUint32(offset + 16, payloadBytes, true);
  view.setUint32(offset + 20, header.timeMs, true);
}

/** A frame around a payload of any size. */
export function encodeFrame(header: FrameHeader, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + padded(payload.length));
  writeHeader(new DataView(bytes.buffer), 0, header, padded(payload.length));
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/**
 * Bytes of the whole frame that begins at `offset`, header included.
 * Undefined while fewer than a header's bytes are there.
 * @throws WireError when it is not a frame of ours
 */
export function frameBytes(bytes: Uint8Array, offset = 0): number | undefined {
  if (bytes.length - offset < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new WireError('magic', 'not a hoplens frame');
  const version = view.getUint8(4);
  if (version !== VERSION) {
    throw new WireError('version', `frame of version ${version}, this hoplens reads version ${VERSION}`);
  }
  const type = view.getUint8(5);
  if (!knownTypes.has(type)) throw new WireError('type', `frame of unknown type ${type}`);
  const payload = view.getUint32(16, true);
  if (payload > MAX_PAYLOAD_BYTES || payload % 8 !== 0) {
    throw new WireError('size', `frame with ${payload} bytes of payload, at most ${MAX_PAYLOAD_BYTES} in steps of 8`);
  }
  return HEADER_BYTES + payload;
}

/**
 * The frame at `offset`. Its payload is a view where the bytes are aligned, else a copy.
 * @throws WireError when it is cut off or not ours
 */
export function decodeFrame(bytes: Uint8Array, offset = 0): Frame {
  const total = frameBytes(bytes, offset);
  if (total === undefined || bytes.length - offset < total) {
    throw new WireError(
      'short',
      `frame cut off: ${bytes.length - offset} of ${total ?? 'at least ' + HEADER_BYTES} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, HEADER_BYTES);
  const start = bytes.byteOffset + offset + HEADER_BYTES;
  const size = total - HEADER_BYTES;
  const payload =
    start % 8 === 0
      ? new Uint8Array(bytes.buffer, start, size)
      : new Uint8Array(bytes.slice(offset + HEADER_BYTES, offset + total));
  return {
    type: view.getUint8(5) as FrameType,
    stream: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    timeMs: view.getUint32(20, true),
    payload,
  };
}
