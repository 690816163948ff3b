/** Servers of a recording's frames, to look at with a browser. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readFrames } from '../../agent/recording/reader.ts';
import { servePage } from '../../agent/server/files.ts';
import { startServer, type RunningServer } from '../../agent/server/server.ts';
import { createHub, framePlace } from '../../agent/server/source.ts';
import { FrameType } from '../../agent/wire/frame.ts';
import { startHoplens } from '../e2e/support.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { pageUrl } from './browser.ts';

/** `hoplens replay` of a recording, over and over. */
export async function replayed(file = RECORDING): Promise<{ page: string } & AsyncDisposable> {
  const replay = startHoplens(['replay', file, '--loop', '--listen', '127.0.0.1:0']);
  const end = async (): Promise<void> => {
    replay.kill();
    await replay.ended;
  };
  const [, page] = /page at (\S+?);/.exec(await replay.says('its page at'))!;
  return { page, [Symbol.asyncDispose]: end };
}

export interface Flooded extends AsyncDisposable {
  page: string;
  running: RunningServer;
  /** Of the recording. */
  streams: number;
  /** Sends legs frames, faster than anybody reads, until that is so. */
  flood(isEnough: () => boolean): Promise<void>;
}

export interface FloodOptions {
  /** Then it listens as beyond loopback, where a token is needed. */
  token?: string;
  queueBytes?: number;
}

/** Ten times what sockets and browser keep. */
const MOST_FRAMES = 500_000;

/** Serves the recording's first states; then sends as fast as anybody likes. */
export async function floodedServer({ token, queueBytes = 8 << 20 }: FloodOptions): Promise<Flooded> {
  const hub = createHub();
  const legs: Uint8Array[] = [];
  const last = new Map<number, number>();
  for await (const frame of readFrames(RECORDING)) {
    const { type, stream, sequence } = framePlace(frame);
    if (type === FrameType.legs) legs.push(frame);
    else hub.push(frame);
    last.set(stream, sequence);
  }
  const running = await startServer({
    listen: { host: token === undefined ? '127.0.0.1' : '0.0.0.0', port: 0 },
    token,
    sources: () => [hub],
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: '' }),
    ready: () => ({ ready: true, reasons: [] }),
    files: servePage(),
    info: { hoplens: 'test', recording: false },
    limits: { queueBytes },
  });
  return {
    page: pageUrl(running.url.replace('0.0.0.0', '127.0.0.1')),
    running,
    streams: [...last.keys()].filter((stream) => stream !== 0).length,
    async flood(isEnough) {
      for (let i = 0; i < MOST_FRAMES && !isEnough(); i++) {
        const copy = legs[i % legs.length].slice();
        const { stream } = framePlace(copy);
        const sequence = last.get(stream)! + 1;
        last.set(stream, sequence);
        new DataView(copy.buffer).setUint32(12, sequence, true);
        hub.push(copy);
        // The sockets' turn.
        if (i % 200 === 0) await sleep(1);
      }
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
