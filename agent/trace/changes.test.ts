/** What changed on the nodes while trace read, in each of its forms. */
import { expect, it } from 'vitest';
import type { Mark } from '../marks/marks.ts';
import { createAgent, device, flannelDevices, framesOf } from '../paths/synthetic.ts';
import { drawChanges, type JsonChange } from './changes.ts';
import type { TraceOptions } from './options.ts';
import { runTrace } from './run.ts';
import { pastFeed, ping } from './testing.ts';

const pings = Array.from({ length: 200 }, (_, i) => [0, 1].flatMap((from) => ping(i, from, i * 1e7 + from * 5e5))).flat(); // prettier-ignore

/** The second node gets a pod when 4.2 s of the past are over, and is not heard after 4.3 s. */
function frames() {
  const agents = [createAgent(0), createAgent(1)];
  const devices = [...flannelDevices(1), device(77, 'veth\x1b77', 'pod')];
  return [
    ...framesOf(agents, pings, 4000).sort((a, b) => a.atMs - b.atMs),
    agents[1].message(4200, { type: 'devices', timeNs: 4.2e9, devices }),
    agents[1].status(4300, { changes: { rules: { tables: [{ family: 'ip', table: 'nat', changes: 12 }] } } }),
    ...Array.from({ length: 10 }, (_, at) => agents[0].status(5000 + at * 500)),
  ];
}

async function trace(options: Partial<TraceOptions>): Promise<{ text: string; fromMs: number }> {
  let text = '';
  const output = { write: (part: string) => (text += part), isTTY: false, columns: 80, rows: 24 };
  const fromMs = Date.now() - frames().at(-1)!.atMs;
  await runTrace({ feed: pastFeed(frames()), output, log: () => {}, forMs: 0, ...options });
  return { text, fromMs };
}

it('as JSON lines: when, where and what, in the place of their time', async () => {
  const { text, fromMs } = await trace({ json: true });
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string } | JsonChange); // prettier-ignore
  const changes = lines.filter((line): line is JsonChange => line.type === 'change');
  expect(changes.map(({ node, kind, text: what }) => `${node} ${kind}: ${what}`)).toEqual([
    'n2 device: veth\x1b77 (pod) is new',
    'n2 agent: agent not heard any more',
    'n2 rule: rules changed: table ip nat, 12 changes',
  ]);
  const lateMs = changes.map(({ time }) => Date.parse(time) - fromMs);
  [4200, 4300, 4300].forEach((atMs, at) => expect(Math.abs(lateMs[at] - atMs)).toBeLessThan(2000));
  expect(changes[0].time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(lines[0].type).toBe('path');
  expect(lines.at(-1)!.type).toBe('summary');
});

it('in the table: between the paths and what all rests on', async () => {
  const { text } = await trace({});
  const lines = text.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith(' ▾ '));
  expect(lines.slice(at, at + 3).map((line) => line.replace(/\d\d:\d\d:\d\d/, 'HH:MM:SS'))).toEqual([
    ' ▾ HH:MM:SS n2: veth\\u{1b}77 (pod) is new',
    ' ▾ HH:MM:SS n2: rules changed: table ip nat, 12 changes',
    ' ▾ HH:MM:SS n2: agent not heard any more',
  ]);
  expect(lines[at + 3]).toMatch(/^seen /);
});

it('with one packet it is the packet alone', async () => {
  const { text } = await trace({ one: true, json: true });
  expect(text).not.toContain('"change"');
});

it('the latest where there are many, in lines that fit', () => {
  const marks = [7, 3, 5].map((second): Mark => ({ second, kind: 'device', node: 'n1', text: `eth${second} is called uplink${second}` })); // prettier-ignore
  const lines = drawChanges(marks, 2, 24);
  expect(lines[0]).toBe(' and 1 earlier change');
  expect(lines.slice(1).map((line) => line.replace(/\d\d:\d\d:/, ''))).toEqual([
    ' ▾ 05 n1: eth5 is', '   called uplink5', ' ▾ 07 n1: eth7 is', '   called uplink7',
  ]); // prettier-ignore
});
