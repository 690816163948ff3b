import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAssembler } from '../paths/assemble.ts';
import type { ClockSummary, Summary } from '../paths/counting.ts';
import type { Disorder } from '../paths/disorder.ts';
import type { JsonPath } from '../paths/json.ts';
import { createAgent, flannelDevices, podAddress, type Frame } from '../paths/synthetic.ts';
import { encodeMessage } from '../wire/messages.ts';
import { createHistogram, observe } from '../histogram/histogram.ts';
import { FilterError, explainFilter, parseFilter, type Subject } from './filter.ts';
import { createGroups, type Group } from './groups.ts';
import { formatNs, formatShare, formatWire } from './numbers.ts';
import { drawGroup, drawSummary, drawTable } from './ruler.ts';
import type { FrameFeed, TraceOptions } from './options.ts';
import { runTrace } from './run.ts';
import { createScreen } from './screen.ts';
import { devicesWith, framesOfPings, ping } from './testing.ts';

describe('figures', () => {
  it('have three significant digits and a unit', () => {
    const read = [0, 7, 999, 1000, 1234, 999_600, 41_260, 1e6, 12_345_678, 3.6e12, -1500, NaN].map(formatNs);
    expect(read).toEqual([
      '0 ns', '7 ns', '999 ns', '1 µs', '1.23 µs', '1 ms', '41.3 µs', '1 ms', '12.3 ms', '3600 s', '-1.5 µs', 'unknown',
    ]); // prettier-ignore
  });

  it('of the wire do not run backwards inside the bound', () => {
    expect([formatWire(-400, 19_000), formatWire(400, 19_000), formatWire(-30_000, 19_000)]).toEqual([
      '< 19 µs',
      '400 ns',
      '-30 µs',
    ]);
  });

  it('never round a share up to all', () => {
    expect([formatShare(99_999, 100_000), formatShare(5, 5), formatShare(0, 0)]).toEqual(['99.99 %', '100 %', '']);
  });
});

describe('a filter', () => {
  const subject: Subject = {
    protocol: 'tcp', sources: ['10.244.1.2'], destinations: ['10.96.0.10', '10.244.2.3'],
    sourcePorts: [40000], destinationPorts: [80, 8080],
    nodes: ['n1'], devices: ['eth0'], names: [], verdict: 'delivered', latencyNs: { least: 5e6, most: 5e6 },
  }; // prettier-ignore

  it.each([
    ['', true], ['tcp', true], ['udp', false], ['host 10.96.0.10', true], ['host 10.96.0.1', false], ['port 8080', true],
    ['port 8', false], ['not udp', true], ['udp or tcp', true], ['tcp and port 81', false], ['tcp port 80', true],
    ['not (udp or port 80)', false], ['10.244', true], ['ETH0', true], ['ip6', false], ['ip && !icmp', true],
    ['udp and icmp or tcp', true], ['udp and (icmp or tcp)', false],
  ])('%j is %s', (text, wanted) => expect(parseFilter(text)(subject)).toBe(wanted)); // prettier-ignore

  it.each([
    ['tcp and', 'the filter ends where a word should stand', 7],
    ['host', 'the filter ends where an address should stand', 4],
    ['host web and tcp', '"web" is not an address', 5],
    ['tcp port http', '"http" is not a port, they go from 0 to 65535', 9],
    ['(tcp or udp', 'this parenthesis is never closed', 0],
    ['tcp)', 'nothing to close with ")"', 3],
    ['or tcp', '"or" has nothing before it', 0],
    ['tcp and src web', '"web" is not an address', 12],
  ])('%j goes wrong at the right place', (text, message, at) => {
    try {
      parseFilter(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FilterError);
      expect(error).toMatchObject({ message, at });
    }
  }); // prettier-ignore

  it('shows the place', () => {
    expect(explainFilter('tcp foo)', new FilterError('bad', 7))).toBe('bad\n  tcp foo)\n         ^');
  });

  it('of any text either works or says where it does not', () => {
    const word = fc.constantFrom(
      'tcp',
      'host',
      '10.0.0.1',
      'port',
      '80',
      'and',
      'or',
      'not',
      '(',
      ')',
      'src',
      'constructor',
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const text = words.join(' ');
        try {
          expect(typeof parseFilter(text)(subject)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          expect((error as FilterError).at).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

/** Pings between pods of two nodes. `shown`: the hops of each that we see; the rest is behind `foreign` programs. */
function joined(replies: boolean, shown = 8, foreign = 0): { groups: Group[]; lines: string[] } {
  const records = Array.from({ length: 100 }, (_, i) =>
    (replies ? [0, 1] : [0]).flatMap((from) => ping(i, from, 1e9 + i * 1e6 + from * 5e5).slice(0, shown)),
  ).flat();
  const groups = createGroups();
  const assembler = createAssembler((view) => groups.add(view));
  for (const frame of framesOfPings(records, 4000, devicesWith(foreign))) {
    assembler.push(frame.bytes, frame.atMs);
    assembler.advance(frame.atMs);
  }
  assembler.flush(4000);
  return {
    groups: groups.list(),
    lines: drawTable({ ...nothing, groups: groups.list(), summary: assembler.summary() }, 200),
  };
}

const nothing = { groups: [], losses: [], changes: [] };

describe('the ruler', () => {
  const { groups } = joined(true);

  it('is a line with ticks where it fits', () => {
    expect(drawGroup(groups[0], 120)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100',
      ' 10.244.1.2 ─┬─ bridge ─┬─ route ─┬═ encap ═┬══════ wire ═══════┬═ decap ═┬─ route ─┬─ bridge ─┬─ 10.244.2.2',
      '           veth0       cni0   flannel.1    eth0  +50 B (51 %)  eth0   flannel.1    cni0      veth0',
      ' p50            800 ns    2.1 µs    3.9 µs     41 µs ±46.6 µs     3.2 µs    1.9 µs     900 ns',
      ' p99            800 ns    2.1 µs    3.9 µs          41 µs         3.2 µs    1.9 µs     900 ns',
      ' total p50 53.8 µs ±46.6 µs · p99 53.8 µs',
    ]);
  });

  it('is a table of segments with bars in 80 columns, and a list in less', () => {
    expect(drawGroup(groups[0], 80)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100',
      '   segment  between              p50             p99',
      ' │ bridge   n1 veth0 ▶ cni0      800 ns          800 ns  ███',
      ' │ route    n1 cni0 ▶ flannel.1  2.1 µs          2.1 µs  █████',
      ' ║ encap    n1 flannel.1 ▶ eth0  3.9 µs          3.9 µs  ███████',
      ' ║ wire     n1 eth0 ▶ n2 eth0    41 µs ±46.6 µs  41 µs   ███████████████████████',
      ' ║ decap    n2 eth0 ▶ flannel.1  3.2 µs          3.2 µs  ██████',
      ' │ route    n2 flannel.1 ▶ cni0  1.9 µs          1.9 µs  █████',
      ' │ bridge   n2 cni0 ▶ veth0      900 ns          900 ns  ███',
      ' total p50 53.8 µs ±46.6 µs · p99 53.8 µs · vxlan +50 B (51 %)',
    ]);
    const lines = drawGroup(groups[0], 48);
    expect(lines.slice(0, 4)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp  n 100', ' ┬ n1 veth0', '   │ bridge p50 800 ns · p99 800 ns', ' ┬ n1 cni0',
    ]); // prettier-ignore
    expect(lines.slice(8, 10)).toEqual(['   ║ wire   p50 41 µs ±46.6 µs', '   p99 41 µs  +50 B (51 %)']);
    expect(Math.max(...drawGroup(groups[0], 40).map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('draws the median whole and what lies between it and the 99th percentile light', () => {
    const times = createHistogram();
    for (let at = 0; at < 100; at++) observe(times, at < 90 ? 1e6 : 4e6);
    const slow = groups[0].segments.map((segment, at) => (at === 1 ? { ...segment, times } : segment));
    const bars = drawGroup({ ...groups[0], segments: slow }, 80).slice(2, 9).map((line) => line.replace(/[^█░]/g, '')); // prettier-ignore
    expect(bars[1]).toMatch(/^█+░+$/);
    expect(bars[1].match(/░/g)!.length / bars[1].length).toBeCloseTo(0.5, 1);
    expect(bars.filter((_, at) => at !== 1).join('')).toMatch(/^█+$/);
  });

  it('says where somebody takes over before the pod, and draws no times where there is one hop', () => {
    const across = joined(true, 5, 1).groups[0];
    expect(drawGroup(across, 120)[1]).toBe(
      ' 10.244.1.2 ─┬─ bridge ─┬─ route ─┬═ encap ═┬══════ wire ═══════┬─ handed over ─ 10.244.2.2',
    );
    expect(drawGroup(across, 80).at(-2)).toBe(' │ handed over');
    expect(drawGroup(across, 48)).toContain('   │ handed over');
    const single = { ...across, hops: across.hops.slice(0, 1), segments: [] };
    expect(drawGroup(single, 120).slice(1)).toEqual([' 10.244.1.2 ─┬─ handed over ─ 10.244.2.2', '           veth0']);
    expect(drawGroup(single, 80).slice(1)).toEqual([' ┬ n1 veth0', '   │ handed over']);
  });

  it('says unknown where the clock is', () => {
    const { groups: oneWay, lines } = joined(false);
    expect(drawGroup(oneWay[0], 120)[3]).toContain('unknown');
    expect(drawGroup(oneWay[0], 120)[5]).toBe(' total p50 unknown · p99 unknown');
    expect(lines.at(-1)).toContain('clock n2 unknown (too few packets from n2 to n1 yet)');
  });

  it('shows what fits and says what does not', () => {
    const summary = { ...summaryOf(), sampled: 1234 };
    expect(drawTable({ ...nothing, summary }, 80)).toEqual(['no path joined yet', '', ...drawSummary(summary, 80)]);
    expect(drawTable({ ...nothing, groups, summary }, 200, 9).at(-2)).toBe('and 1 more path');
    // Where not even one fits with its segments, as many as do without them.
    const narrow = drawTable({ ...nothing, groups, summary }, 40, 20);
    expect(narrow.slice(0, 6)).toEqual([
      '10.244.1.2 ▶ 10.244.2.2  n1 → n2  icmp',
      '   n 100',
      ' total p50 53.8 µs ±46.6 µs',
      '   p99 53.8 µs',
      '   most in wire: p50 41 µs ±46.6 µs',
      '   p99 41 µs',
    ]);
    expect(narrow.length).toBeLessThanOrEqual(20);
    expect(narrow.at(-1)).toBe(drawSummary(summary, 40).at(-1));
  });

  it('says where a node’s own CLOCK_REALTIME is all there is, and where traffic contradicts it', () => {
    const { n1, n2 } = summaryOf().clocks;
    const lastOf = (more: Partial<ClockSummary>): string =>
      drawSummary({ ...summaryOf(), clocks: { n1, n2: { ...n2, ...more } } }, 300)[0]
        .split(' · ')
        .at(-1)!;
    expect(lastOf({ source: 'traffic and realtime' })).toBe('clock n2 ±19 µs');
    expect(lastOf({ source: 'realtime' })).toBe('clock n2 ±19 µs by its CLOCK_REALTIME');
    expect(lastOf({ source: 'realtime contradicted', boundNs: null })).toBe(
      'clock n2 unknown, its CLOCK_REALTIME is contradicted',
    );
  });

  it('ends with what it rests on', () => {
    expect(drawSummary(summaryOf(), 200)).toEqual([
      'seen 2,000 · sampled 10 · joined 9 (90 % of what may be) · ambiguous 0 · lost by the network 1 · lost by us 0 · 1:64 · clock n2 ±19 µs',
    ]);
    const narrow = drawSummary(summaryOf(), 80);
    expect(narrow.join(' · ')).toBe(drawSummary(summaryOf(), 200)[0]);
    expect(narrow.length).toBe(2);
    expect(narrow.every((line) => line.length <= 80)).toBe(true);
  });

  it('says which segments are out of order', () => {
    const [from, to] = ['n1', 'n2'].map((node) => ({ node, device: 'eth0', direction: 'egress' as const }));
    const disorder = [{ name: 'wire' as const, from, to, reordered: 1200, duplicated: 0, retransmitted: 3 }];
    expect(drawSummary({ ...summaryOf(), disorder }, 200).at(-1)).toBe(
      'wire n1 eth0 ▶ n2 eth0: 1,200 overtaken · 3 lost and sent again',
    );
  });
});

const summaryOf = () => ({
  type: 'summary' as const, seen: 2000, sampled: 10, joined: 9, joinable: 10, joinableJoined: 9, ambiguous: 0,
  lostByNetwork: { dropped: 0, vanished: 1 }, lostByUs: 0, undecided: 0, partlyFiltered: 0, filters: {}, framesMissed: 0, recordsLost: 0, disorder: [] as Disorder[],
  names: { addresses: 0, contradictions: 0 },
  exponents: { n1: 6, n2: 0 },
  clocks: {
    n1: { offsetNs: 0, boundNs: 0, relativeBoundNs: 0 }, n2: { offsetNs: 5, boundNs: 19_000, relativeBoundNs: 10 },
  },
}); // prettier-ignore

describe('the screen', () => {
  it('goes up over what it drew, and cuts what would wrap', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text) => written.push(text), isTTY: true, columns: 4, rows: 10 });
    screen.draw(['abcdef', 'x']);
    screen.draw(['y']);
    expect(written).toEqual(['\r\x1b[2Kabcd\n\x1b[2Kx\n\x1b[0J', '\x1b[2A\r\x1b[2Ky\n\x1b[0J']);
  });

  it('makes room for other lines, and begins anew where it was made narrower', () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 4, rows: 10 };
    const screen = createScreen(output);
    screen.draw(['x', 'y']);
    screen.clear();
    screen.clear();
    screen.draw(['x']);
    output.columns = 3;
    screen.draw(['abcd']);
    expect(written.slice(1)).toEqual(['\x1b[2A\r\x1b[0J', '\r\x1b[2Kx\n\x1b[0J', '\r\x1b[2Kabc\n\x1b[0J']);
  });
});

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
