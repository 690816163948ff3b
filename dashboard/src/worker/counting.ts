/** What can be told of a frame without decoding it. */
import { FrameType, HEADER_BYTES } from '../../../agent/wire/frame.ts';

export const isLegs = (bytes: Uint8Array): boolean => bytes[5] === FrameType.legs;

/** Where a legs frame says how many records it holds (agent/wire/columns.ts). */
export const LEGS_RECORDS_OFFSET = HEADER_BYTES + 12;
