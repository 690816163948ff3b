import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Summary } from '../paths/counting.ts';
import type { JsonPath } from '../paths/json.ts';
import { createAgent, flannelDevices, podAddress, type Frame } from '../paths/synthetic.ts';
import { encodeMessage } from '../wire/messages.ts';
import type { FrameFeed, TraceOptions } from './options.ts';
import { runTrace } from './run.ts';
import { ping } from './testing.ts';

/** Two agents whose pods ping each other every 20 ms; each is heard from so long after the start. */
function liveFeed(delaysMs = [0, 0]): FrameFeed {
  let timer: NodeJS.Timeout;
  return {
    start(onFrame) {
      const startMs = performance.now();
      const agents = [createAgent(0), createAgent(1, flannelDevices(1), 7e9)];
      const heard = new Set<number>();
      const send = (frame: Frame): void => onFrame(frame.bytes);
      const greet = (node: number): void => {
        heard.add(node);
        send(agents[node].hello(0));
        onFrame(peersFrame(heard.has(1)));
      };
      let tick = 0;
      timer = setInterval(() => {
        const nowMs = performance.now();
        const records = [0, 1].flatMap((from) => ping(tick, from, Math.round(nowMs * 1e6) - 30e6 + from * 1e6));
        agents.forEach((agent, node) => {
          if (nowMs - startMs < delaysMs[node]) return;
          if (!heard.has(node)) greet(node);
          send(agent.legs(nowMs, records.filter((record) => record.node === node))); // prettier-ignore
          if (tick % 10 === 0) send(agent.status(Math.round(nowMs)));
        });
        tick++;
      }, 20);
    },
    stop: () => clearInterval(timer),
  };
}

/** What the first node's agent, as the gateway, says of the second. */
const peersFrame = (isUp: boolean): Uint8Array =>
  encodeMessage(
    { stream: 0, sequence: 0, timeMs: 0 },
    { type: 'peers', peers: [{ url: 'ws://n2', state: isUp ? 'up' : 'connecting' }] },
  );

async function trace(options: Partial<TraceOptions>): Promise<{ code: number; text: string; log: string[] }> {
  let text = '';
  const log: string[] = [];
  const output = { write: (part: string) => (text += part), isTTY: false, columns: 80, rows: 24 };
  const code = await runTrace({ feed: liveFeed(), output, log: (line) => log.push(line), ...options });
  return { code, text, log };
}

describe('trace', () => {
  it('prints a JSON line for each path and a summary', async () => {
    const { code, text } = await trace({ json: true, forMs: 500, filter: `host ${podAddress(0, 0)} and icmp` });
    const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as JsonPath | Summary); // prettier-ignore
    const summary = lines.at(-1) as Summary;
    const paths = lines.slice(0, -1) as JsonPath[];
    expect(code).toBe(0);
    expect(summary.type).toBe('summary');
    expect(paths.length).toBe(summary.sampled);
    expect(summary.joined).toBe(summary.sampled);
    expect(summary.sampled).toBeGreaterThan(2);
    for (const path of paths) {
      expect(path.hops).toHaveLength(8);
      expect(path.segments.reduce((sum, segment) => sum + (segment.durationNs ?? NaN), 0)).toBe(path.totalNs);
    }
  });

  it('prints a table and stops after a number of paths', async () => {
    const { code, text } = await trace({ count: 5 });
    expect(code).toBe(0);
    const counts = [...text.matchAll(/ n (\d+)$/gm)].map((match) => Number(match[1]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(text).toContain('─ bridge ─');
  });

  describe('with a slow peer', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    async function traceLate(delaysMs: number[]): Promise<{ summary: Summary; log: string[] }> {
      const traced = trace({ json: true, forMs: 500, feed: liveFeed(delaysMs) });
      await vi.advanceTimersByTimeAsync(60_000);
      const { text, log } = await traced;
      return { summary: JSON.parse(text.trimEnd().split('\n').at(-1)!) as Summary, log };
    }

    it('waits for it', async () => {
      const { summary, log } = await traceLate([3000, 12_900]);
      expect(log).toEqual(['waiting for ws://n2']);
      expect(summary.sampled).toBeGreaterThan(2);
      expect(summary.joined).toBe(summary.sampled);
    });

    it('begins without one that does not come, and says so', async () => {
      const { summary, log } = await traceLate([3000, Infinity]);
      expect(log).toEqual(['waiting for ws://n2', 'beginning without ws://n2']);
      expect(summary.sampled).toBeGreaterThan(2);
      expect(summary.joined).toBe(0);
    });
  });

  it('says what is wrong with a filter', async () => {
    const { code, log } = await trace({ filter: 'port http' });
    expect(code).toBe(2);
    expect(log).toEqual(['filter: "http" is not a port, they go from 0 to 65535\n  port http\n       ^']);
  });

  it('passes on why its feed ended', async () => {
    const feed: FrameFeed = { start: (_, onEnd) => onEnd('127.0.0.1:1 refused the connection'), stop: () => {} };
    expect(await trace({ feed })).toEqual({ code: 1, text: '', log: ['127.0.0.1:1 refused the connection'] });
  });

  it('ends when it is interrupted', async () => {
    const abort = new AbortController();
    let frames = 0;
    const feed = liveFeed();
    const counting: FrameFeed = {
      start: (onFrame, onEnd, say) =>
        feed.start(
          (bytes) => {
            onFrame(bytes);
            if (++frames === 120) abort.abort();
          },
          onEnd,
          say,
        ),
      stop: () => feed.stop(),
    };
    const { code, text } = await trace({ feed: counting, signal: abort.signal });
    expect(code).toBe(0);
    expect(text).toContain('sampled');
  });
});
