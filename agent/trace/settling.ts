/**
 * Waits until everybody who will come has come, and told how they stand. A gateway connects to its peers when its first
 * reader comes: what passes a node that is not there yet would look lost.
 */
import type { Assembler } from '../paths/assemble.ts';

/** An attempt takes ten seconds at most, two statuses of a newcomer two more. */
export const SETTLE_MS = 15_000;
const PATIENCE_MS = 2000;

/** @returns whether it may begin; asked several times a second */
export function createSettling(
  assembler: Pick<Assembler, 'intake' | 'isReady'>,
  log: (line: string) => void,
): (nowMs: number, firstFrameMs: number) => boolean {
  let isPatient = false;
  return (nowMs, firstFrameMs) => {
    const { streams, peers } = assembler.intake();
    const waitedMs = nowMs - firstFrameMs;
    const awaited = peers?.peers.filter((peer) => peer.state === 'connecting').map((peer) => peer.url) ?? [];
    const missing = peers ? peers.peers.filter((peer) => peer.state === 'up').length + 1 - streams.size : 0;
    if (awaited.length > 0 && !isPatient && waitedMs > PATIENCE_MS) {
      isPatient = true;
      log(`waiting for ${awaited.join(', ')}`);
    }
    if (streams.size === 0) return false;
    if (assembler.isReady() && awaited.length === 0 && missing <= 0) return true;
    const isLate = waitedMs > SETTLE_MS;
    if (isLate && awaited.length > 0) log(`beginning without ${awaited.join(', ')}`);
    return isLate;
  };
}
