import { describe, expect, it } from 'vitest';
import type { Name } from '../names/name.ts';
import { FilterError, parseFilter, type Subject } from './filter.ts';

const name = (kind: Name['kind'], called: string, more: Partial<Name> = {}): Name => ({
  id: 1, kind, name: called, namespace: null, workload: null, node: null, port: 0, ...more,
}); // prettier-ignore

const subject: Subject = {
  protocol: 'tcp', sources: ['10.244.1.2'], destinations: ['fd00::2'], sourcePorts: [40000], destinationPorts: [80], nodes: ['n1'], devices: ['flannel.1', 'eth0'],
  names: [
    name('pod', 'web-7d4b-x2x4z', { namespace: 'shop', workload: 'frontend', node: 'n2' }),
    name('service', 'api', { namespace: 'backend', port: 80 }),
    name('node', 'edge', { node: 'edge' }),
  ],
  verdict: 'dropped', latencyNs: { least: 2e6, most: 6e6 },
}; // prettier-ignore

describe('a word of a filter', () => {
  it.each([
    ['pod:web-7d4b-x2x4z', true], ['pod:web', true], ['pod:web-7d4b', true], ['pod:we', false], ['pod:we*', true],
    ['pod:*X4Z', true], ['pod:frontend', true], ['pod:shop/web', true], ['pod:other/web', false], ['pod:api', false],
    ['pod:*-*-*', true], ['pod:web*web', false], ['POD:WEB', true], ['pod:*', true],
    ['namespace:shop', true], ['namespace:backend', true], ['namespace:sho', false], ['namespace:sho*', true],
    ['service:api', true], ['service:backend/api', true], ['service:web', false], ['service:ap', false],
    ['node:n1', true], ['node:n2', true], ['node:edge', true], ['node:n', false], ['node:n11', false],
    ['device:eth0', true], ['device:eth', false], ['device:flannel.*', true], ['device:flannelx1', false],
    ['verdict:dropped', true], ['verdict:Delivered', false],
    ['latency>5ms', true], ['latency>6ms', false], ['latency>=6ms', true], ['latency<2ms', false], ['latency<=2ms', true],
    ['latency > 5.5ms', true], ['latency>5999us', true], ['LATENCY<1S', true], ['latency>1µs', true], ['latency<1ns', false],
    ['pod:web and not (verdict:delivered or latency<1ms)', true], ['pod:web service:nothing', false], ['tcp pod:nobody or node:n1', true],
    ['x2x4z', true], ['shop/web', true], ['fd00::2', true], ['fd00:', true],
  ])('%j is %s', (text, wanted) => expect(parseFilter(text)(subject)).toBe(wanted)); // prettier-ignore

  it('of what has no time is neither more nor less', () => {
    const timeless: Subject = { ...subject, latencyNs: { least: NaN, most: NaN } };
    expect(['latency>0ms', 'latency<1s', 'not latency>0ms'].map((text) => parseFilter(text)(timeless))).toEqual([
      false, false, true,
    ]); // prettier-ignore
  });

  it.each([
    ['tcp and pods:web', '"pods:" is none of pod: namespace: service: node: device: verdict:', 8],
    ['tcp pod:', '"pod:" wants a name behind it', 8],
    ['(pod: or tcp)', '"pod:" wants a name behind it', 5],
    ['verdict:', '"verdict:" wants a verdict behind it', 8],
    ['not verdict:lost', '"lost" is no verdict, they are delivered, handed, dropped, vanished, unseen', 12],
    ['tcp latency', '"latency" wants a comparison behind it, as in latency>5ms', 11],
    ['latency>5', '"5" is no time, it has a unit as in 5ms, 200us or 1s', 8],
    ['latency >=  fast', '"fast" is no time, it has a unit as in 5ms, 200us or 1s', 12],
    ['(latency<)', '"" is no time, it has a unit as in 5ms, 200us or 1s', 9],
    ['constructor:x', '"constructor:" is none of pod: namespace: service: node: device: verdict:', 0],
  ])('%j goes wrong at the right place', (text, message, at) => {
    const parse = (): unknown => parseFilter(text);
    expect(parse).toThrow(FilterError);
    expect(parse).toThrow(expect.objectContaining({ message, at }));
  }); // prettier-ignore
});
