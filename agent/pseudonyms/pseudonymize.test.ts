/** The recorded demo under other names: the same paths with the same times, and nothing of the old ones. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAssembler } from '../paths/assemble.ts';
import { parseAddress } from '../paths/addresses.ts';
import { toJson, type JsonPath } from '../paths/json.ts';
import { createPace } from '../recording/pace.ts';
import { readFrames } from '../recording/reader.ts';
import { FrameType, decodeFrame } from '../wire/frame.ts';
import {
  decodeMessage, encodeMessage, type Changes, type Hello, type Message, type NamesMessage, type Status,
} from '../wire/messages.ts'; // prettier-ignore
import { createPseudonymizer } from './pseudonymize.ts';

const RECORDING = fileURLToPath(new URL('../../test/fixtures/demo.hoplens', import.meta.url));

let before: Uint8Array[];
let after: Uint8Array[];
beforeAll(async () => {
  before = [];
  for await (const frame of readFrames(RECORDING)) before.push(frame);
  const pseudonymize = createPseudonymizer();
  after = before.map(pseudonymize).filter((frame) => frame !== undefined);
});

function pathsOf(frames: Uint8Array[]): JsonPath[] {
  const paths: JsonPath[] = [];
  const assembler = createAssembler((view) => paths.push(toJson(view)));
  const dueMs = createPace();
  let nowMs = 0;
  for (const frame of frames) {
    assembler.push(frame, (nowMs = dueMs(frame)));
    assembler.advance(nowMs);
  }
  assembler.flush(nowMs + 20_000);
  return paths;
}

const messagesOf = (frames: Uint8Array[]): Message[] =>
  frames.map((frame) => decodeFrame(frame)).filter(({ type }) => type !== FrameType.legs).map(decodeMessage); // prettier-ignore

/** What a path tells of times, bytes and verdicts: all but who. */
const withoutNames = ({ source, destination, hops, cause, drop, ...rest }: JsonPath): unknown => ({
  ...rest,
  ports: [source.port, destination.port],
  hops: hops.map(({ kind, direction, timeNs, bytes, wirePackets }) => ({
    kind,
    direction,
    timeNs,
    bytes,
    wirePackets,
  })),
  reason: drop?.reason,
  cause: cause?.identity,
});

/** Every path to a value inside, without list places. */
function keysOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysOf(each, `${at}[]`));
  if (value === null || typeof value !== 'object') return [at];
  return Object.entries(value).flatMap(([key, each]) => keysOf(each, `${at}.${key}`));
}

describe('a recording under pseudonyms', () => {
  it('has the same paths with the same times', () => {
    const [old, now] = [pathsOf(before), pathsOf(after)];
    expect(now.length).toBeGreaterThan(1000);
    expect(now.map(withoutNames)).toEqual(old.map(withoutNames));
  });

  it('gives the same pseudonym for the same end, and different ones for different ends', () => {
    const [old, now] = [pathsOf(before), pathsOf(after)];
    const ends = (path: JsonPath): string[] => [path.source, path.destination].map(({ ip, pod, node }) => `${ip} ${pod} ${node}`); // prettier-ignore
    const pseudonyms = new Map<string, string>();
    old.forEach((path, at) => ends(path).forEach((end, side) => pseudonyms.set(end, ends(now[at])[side])));
    old.forEach((path, at) => ends(path).forEach((end, side) => expect(ends(now[at])[side]).toBe(pseudonyms.get(end))));
    expect(new Set(pseudonyms.values()).size).toBe(pseudonyms.size);
  });

  it('holds no byte of an address or a name of before', () => {
    const all = Buffer.concat(after);
    const devices = messagesOf(before).flatMap((message) => ('devices' in message ? message.devices : []));
    const names = messagesOf(before).filter((message): message is NamesMessage => message.type === 'names');
    const entries = names.flatMap(({ pods, services, nodes }) => [...pods, ...services, ...nodes]);
    const addresses = new Set([...devices, ...entries].flatMap((each) => each.addresses));
    for (const address of addresses) {
      if (/^(127\.|::1$)/.test(address)) continue;
      const words = new Uint8Array(parseAddress(address).buffer);
      const bytes = address.includes(':') ? words : words.subarray(12);
      expect([address, all.includes(address), all.includes(Buffer.from(bytes))]).toEqual([address, false, false]);
    }
    const texts = [
      ...entries.map(({ name }) => `"${name}"`),
      ...devices.filter(({ kind }) => kind === 'pod').map(({ name }) => name),
      ...devices.map(({ mac }) => mac).filter((mac) => mac !== '' && !/^(00:)*00$/.test(mac)),
      ...messagesOf(before).flatMap((message) => (message.type === 'hello' ? [`"${message.node}"`] : [])),
    ];
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect([text, all.includes(text)]).toEqual([text, false]);
  });

  it('tells everything else that it told', () => {
    const told = (frames: Uint8Array[]): Set<string> =>
      new Set(messagesOf(frames).filter(({ type }) => type !== 'peers').flatMap((message) => keysOf(message, message.type))); // prettier-ignore
    const now = told(after);
    // The agent's own notes on a device, which no message promises.
    const internal = /\.devices\[\]\.(slot|flags\.\w+)$/;
    expect([...told(before)].filter((key) => !now.has(key) && !internal.test(key))).toEqual([]);
  });
});

it('names of Kubernetes stand for others as those of a file do, the same for the same', () => {
  const pods = [{ name: 'web-1', namespace: 'shop', workload: 'web', node: 'n1', addresses: ['10.244.1.2'] }];
  const services = [{ name: 'api', namespace: 'shop', addresses: ['10.96.0.10'], ports: [{ port: 80 }] }];
  const message: Message = {
    type: 'names', timeNs: 0, writtenMs: 0, pods, services: [], nodes: [], kubernetes: { writtenMs: 5, pods, services },
  }; // prettier-ignore
  const frame = createPseudonymizer()(encodeMessage({ stream: 1, sequence: 0, timeMs: 0 }, message));
  const told = decodeMessage(decodeFrame(frame!)) as NamesMessage;
  expect(told.kubernetes).toMatchObject({ writtenMs: 5, pods: told.pods, services: [{ name: 'service-1', ports: [{ port: 80 }] }] }); // prettier-ignore
  expect(JSON.stringify(told)).not.toMatch(/web|shop|api|10\.(244|96)\./);
});

it('what changed is told without addresses and names; tables of kube-proxy and the like keep theirs', () => {
  const route = { change: 'replaced', destination: '192.0.2.128/25', gateway: '192.0.2.1', ifindex: 3, table: 254 } as const; // prettier-ignore
  const all = { ...route, destination: '0.0.0.0/0', gateway: '' };
  const table = (name: string, changes: number) => ({ family: 'inet', table: name, changes });
  const changes: Changes = {
    routes: { new: 0, replaced: 2, gone: 0, policies: 1, examples: [route, all], isCut: true },
    rules: { tables: [table('kube-proxy', 7), table('customer', 2)], others: { tables: 3, changes: 4 }, isCut: true },
  };
  const status = messagesOf(before).find((message): message is Status => message.type === 'status')!;
  const frame = createPseudonymizer()(encodeMessage({ stream: 1, sequence: 0, timeMs: 0 }, { ...status, changes }))!;
  expect((decodeMessage(decodeFrame(frame)) as Status).changes).toEqual({
    routes: { ...changes.routes, examples: [{ ...route, destination: '240.0.0.1/25', gateway: '240.0.0.2' }, all] },
    rules: { ...changes.rules, tables: [table('kube-proxy', 7), table('table-1', 2)] },
  });
});

it('what nobody thought of is left out', () => {
  const hello = messagesOf(before).find((message): message is Hello => message.type === 'hello')!;
  const frame = encodeMessage({ stream: 1, sequence: 0, timeMs: 0 }, { ...hello, secret: 'customer' } as Hello);
  expect(Buffer.from(createPseudonymizer()(frame)!).includes('customer')).toBe(false);
});
