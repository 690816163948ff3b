import { beforeEach, expect, test } from 'vitest';
import { device, helloFrame, legsFrame, statusFrame } from '../server/testing.ts';
import { encodeMessage, type Peers } from '../wire/messages.ts';
import { createNodes, type Nodes } from './nodes.ts';

let heard: string[];
let nodes: Nodes;
beforeEach(() => {
  heard = [];
  nodes = createNodes({
    message: (node, { type }, nowMs) => heard.push(`${nowMs} ${node} ${type}`),
    away: (node, lastMs) => heard.push(`${node} away since ${lastMs}`),
    back: (node, nowMs) => heard.push(`${node} back at ${nowMs}`),
  });
});

const peersFrame = (...peers: Peers['peers']): Uint8Array =>
  encodeMessage({ stream: 9, sequence: 0, timeMs: 0 }, { type: 'peers', peers });

test('messages are told with their node, whose streams may follow each other', () => {
  nodes.frame(statusFrame(1, 1), 10);
  nodes.frame(helloFrame(1, 'n1'), 20);
  nodes.frame(helloFrame(2, 'n1', [device(3, 'eth0', 'uplink')]), 30);
  nodes.frame(statusFrame(1, 2), 40);
  nodes.frame(statusFrame(2, 1), 50);
  nodes.frame(new Uint8Array(40), 60);
  expect(heard).toEqual(['20 n1 hello', '30 n1 hello', '50 n1 status']);
  expect(nodes.list().map(({ name, hello }) => `${name} ${hello.devices.length}`)).toEqual(['n1 1']);
});

test('a node of which nothing comes is silent until anything does', () => {
  nodes.frame(helloFrame(1, 'n1'), 1000);
  for (const atMs of [1000, 2700, 4500]) nodes.tick(atMs);
  expect(nodes.list()[0].isSilent).toBe(false);
  for (const atMs of [4501, 5000]) nodes.tick(atMs);
  expect(nodes.list()[0]).toMatchObject({ isSilent: true, sinceMs: 1000 });
  nodes.frame(legsFrame(1, 1), 9000);
  expect(heard.slice(1)).toEqual(['n1 away since 1000', 'n1 back at 9000']);
  expect(nodes.list()[0]).toMatchObject({ isSilent: false, sinceMs: 9000, away: [{ fromMs: 1000, toMs: 9000 }] });
});

test('a reader that stood still gives nodes time to be heard', () => {
  nodes.frame(helloFrame(1, 'n1'), 1000);
  for (const atMs of [1000, 60_000, 62_000, 63_500]) nodes.tick(atMs);
  expect(nodes.list()[0].isSilent).toBe(false);
  nodes.tick(63_501);
  expect(nodes.list()[0]).toMatchObject({ isSilent: true, sinceMs: 1000 });
});

test('a peer that is down is silent at once, and keeps its name', () => {
  nodes.frame(helloFrame(1, 'n2'), 1000);
  nodes.frame(peersFrame({ url: 'ws://two', node: 'n2', state: 'up' }), 1100);
  nodes.frame(peersFrame({ url: 'ws://two', state: 'down', error: 'gone' }), 1200);
  expect(heard.slice(1)).toEqual(['n2 away since 1000']);
  expect(nodes.peers()).toEqual([{ url: 'ws://two', node: 'n2', state: 'down', error: 'gone', sinceMs: 1200 }]);
});
