import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillNumbers, findWrongByte } from './numbers.ts';
import type { TrafficOptions } from './options.ts';

/** What the receiver found in one connection's stream. */
export interface StreamReport {
  bytes: number;
  /** Place in the stream, null if every byte was the right one. */
  firstWrongByte: number | null;
}

export interface BulkSummary {
  kind: 'bulk';
  seconds: number;
  sentBytes: number;
  /** As the receiver verified them, byte by byte. */
  verifiedBytes: number;
  mbitPerSecond: number;
  wrongStreams: number;
  /** Connections that ended without the receiver's report. */
  unreported: number;
}

/** Receives numbered streams; at a stream's end it answers with one line, the StreamReport. */
export function bulkServer(): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    const report: StreamReport = { bytes: 0, firstWrongByte: null };
    socket.on('data', (chunk) => {
      if (report.firstWrongByte === null) {
        const wrong = findWrongByte(chunk, report.bytes);
        if (wrong >= 0) report.firstWrongByte = wrong;
      }
      report.bytes += chunk.length;
    });
    socket.on('end', () => socket.end(JSON.stringify(report) + '\n'));
    socket.on('error', () => socket.destroy());
  });
}

export async function bulkClient(options: TrafficOptions, signal: AbortSignal): Promise<BulkSummary> {
  const began = performance.now();
  const streams = await Promise.all(Array.from({ length: options.connections }, () => send(options, signal)));
  const seconds = (performance.now() - began) / 1000;
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const reports = streams.flatMap((stream) => stream.report ?? []);
  const verifiedBytes = sum(reports.map((report) => report.firstWrongByte ?? report.bytes));
  return {
    kind: 'bulk',
    seconds,
    sentBytes: sum(streams.map((stream) => stream.sentBytes)),
    verifiedBytes,
    mbitPerSecond: (verifiedBytes * 8) / seconds / 1e6,
    wrongStreams: reports.filter((report) => report.firstWrongByte !== null).length,
    unreported: streams.length - reports.length,
  };
}

const blockBytes = 65_536;

async function send(
  options: TrafficOptions,
  signal: AbortSignal,
): Promise<{ sentBytes: number; report?: StreamReport }> {
  const socket = connect({ host: options.to, port: options.port });
  const answer = readAll(socket);
  const bytesPerMs = (options.rateMbit * 125) / options.connections;
  const began = performance.now();
  let sentBytes = 0;
  while (!signal.aborted && !socket.destroyed) {
    const aheadMs = sentBytes / bytesPerMs - (performance.now() - began);
    if (aheadMs > 1) {
      await sleep(aheadMs, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const block = Buffer.allocUnsafe(blockBytes);
    fillNumbers(block, sentBytes);
    sentBytes += blockBytes;
    if (!socket.write(block)) await Promise.race([once(socket, 'drain').catch(() => undefined), answer]);
  }
  socket.end();
  const line = await answer;
  return line.endsWith('\n') ? { sentBytes, report: JSON.parse(line) as StreamReport } : { sentBytes };
}

/** What comes back until the connection ends, however it ends. */
function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setTimeout(10_000, () => socket.destroy());
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
