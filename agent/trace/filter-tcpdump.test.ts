import { describe, expect, it } from 'vitest';
import { FilterError, parseFilter, parseTree, unansweredIn, type Subject } from './filter.ts';
import { tcpdumpOf } from './filter-tree.ts';
import type { Name } from '../names/name.ts';

const subject: Subject = {
  protocol: 'tcp', sources: ['10.244.1.2', '10.244.1.2'], destinations: ['10.96.0.10', '10.244.2.3'],
  sourcePorts: [40000], destinationPorts: [80, 8080],
  nodes: ['n1'], devices: ['eth0'], names: [], verdict: 'delivered', latencyNs: { least: 5e6, most: 5e6 },
}; // prettier-ignore
const six: Subject = { ...subject, protocol: 'icmpv6', sources: ['fd00:10::2'], destinations: ['fd00:20::3'], sourcePorts: [0], destinationPorts: [0] }; // prettier-ignore

describe('tcpdump’s conditions', () => {
  it.each([
    ['src 10.244.1.2', true], ['dst 10.244.1.2', false], ['src host 10.244.1.2 and dst host 10.244.2.3', true],
    ['src or dst host 10.96.0.10', true], ['src and dst net 10.244', true], ['src and dst net 10.96.0.0/12', false],
    ['net 10.96.0.0/12', true], ['net 10.244.3.0/24', false], ['net 10', true], ['net 10.244.1', true],
    ['net 10.244.0.0 mask 255.255.0.0', true], ['net 10.245.0.0 mask 255.255.0.0', false], ['net 0.0.0.0/0', true],
    ['src port 80', false], ['dst port 80', true], ['tcp dst port 8080', true], ['udp port 80', false],
    ['portrange 8000-9000', true], ['src portrange 8000-9000', false], ['tcp portrange 81-79', true],
    ['port 53 or 80', true], ['host 10.0.0.1 or 10.96.0.10', true], ['port 53 or 54', false],
    ['ip src 10.244.1.2', true], ['ip6 host ::1', false], ['ip and not ip6', true],
  ])('%j is %s', (text, wanted) => expect(parseFilter(text)(subject)).toBe(wanted)); // prettier-ignore

  it.each([
    ['icmp6', true], ['icmp', false], ['ip6', true], ['net fd00::/8', true], ['net fd00:10::/32', true], ['net 0.0.0.0/0', false],
    ['src fd00:0010:0::2', true], ['src host fd00:20::3', false], ['net fd00:30::/32', false],
  ])('%j is %s of IPv6', (text, wanted) => expect(parseFilter(text)(six)).toBe(wanted)); // prettier-ignore

  it.each([
    ['tcp and src web', '"web" is not an address', 12],
    ['net 10.244.0.0/33', '"10.244.0.0/33" is not a network, as in 10.244.0.0/16', 4],
    ['net 10.0.0.0 mask 255.0.255.0', '"255.0.255.0" is not a mask, as in 255.255.0.0', 18],
    ['portrange 80', '"80" is not a range of ports, as in 8000-8080', 10],
    ['icmp port 1', 'icmp has no ports', 5],
    ['tcp host 10.0.0.1', '"tcp host" is not said so: tcp and host', 4],
    ['src', 'the filter ends where an address should stand', 3],
    ['ether host 00:00:00:00:00:01', '"ether" asks for a link\'s header, which differs from hop to hop', 0],
    ['tcp[13] tcp', '"tcp" should be a comparison, as in != 0', 8],
    ['tcp[13] & foo = 1', '"foo" is not a number, nor a part of the packet as in tcp[13]', 10],
    ['less', 'the filter ends where what "less" wants should stand', 4],
    ['host ::1::2', '"::1::2" is not an address', 5],
  ])('%j goes wrong at the right place', (text, message, at) => {
    const parse = (): unknown => parseFilter(text);
    expect(parse).toThrow(FilterError);
    expect(parse).toThrow(expect.objectContaining({ message, at }));
  }); // prettier-ignore
});

describe('what only a packet can tell', () => {
  it.each([
    ['tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', ['tcp[tcpflags] & (tcp-syn|tcp-fin) != 0']],
    ['tcp port 80 and (ip[8] < 64 or less 100)', ['ip[8] < 64', 'less 100']],
    ['ip proto 89 or ip6 multicast', ['ip proto 89', 'ip6 multicast']],
    ['len > 1000 and ip[2:2] = 0x5dc', ['len > 1000', 'ip[2:2] = 0x5dc']],
    ['udp and host 10.0.0.1', []],
    ['(', []],
  ])('is named of %j', (text, unanswered) => expect(unansweredIn(text)).toEqual(unanswered));

  it('lets through what it may be true of, and nothing else', () => {
    const passes = (text: string): boolean => parseFilter(text)(subject);
    expect(['less 100', 'not less 100', 'tcp and less 100', 'less 100 or udp'].map(passes)).toEqual([true, true, true, true]);
    expect(['udp and less 100', 'not (tcp or less 100)', 'not tcp and not less 100'].map(passes)).toEqual([false, false, false]);
  }); // prettier-ignore
});

describe('for tcpdump’s compiler', () => {
  const pod = { kind: 'pod', name: 'web-1', namespace: 'shop', workload: 'web' } as Name;
  const api = { kind: 'service', name: 'api', namespace: 'shop', workload: null } as Name;
  const addresses = new Map([[pod, ['10.244.1.2', 'fd00::2']], [api, ['10.96.0.10']]]); // prettier-ignore
  const addressesOf = (chooses: (name: Name) => boolean): string[] =>
    [...addresses].flatMap(([name, own]) => (chooses(name) ? own : []));
  const written = (text: string): string | true => tcpdumpOf(parseTree(text)!, addressesOf);

  it.each([
    ['tcp port 80', 'tcp port 80'],
    ['10.0.0.1', 'host 10.0.0.1'],
    ['tcp src port 80 or 81', '(tcp src port 80) or (tcp src port 81)'],
    ['pod:web', '(host 10.244.1.2 or host fd00::2)'],
    ['service:api and not port 80', '(host 10.96.0.10) and (not (port 80))'],
    ['pod:nobody', 'less 1'],
    ['net 10.0.0.0 mask 255.0.0.0', 'net 10.0.0.0 mask 255.0.0.0'],
    ['tcp[13]&2!=0', 'tcp[13] & 2 != 0'],
  ])('%j is %j', (text, expression) => expect(written(text)).toBe(expression));

  it('lets everything through where it would be longer than agents take, and of other alphabets', () => {
    const replica = (at: number): Name => ({ ...pod, name: `web-${at}` });
    const many = new Map(Array.from({ length: 200 }, (_, at) => [replica(at), `10.244.1.${at}`]));
    const manyOf = (chooses: (name: Name) => boolean): string[] => [...many].flatMap(([name, ip]) => (chooses(name) ? [ip] : [])); // prettier-ignore
    expect(tcpdumpOf(parseTree('pod:web')!, manyOf)).toBe(true);
    expect(tcpdumpOf(parseTree('tcp and pod:web')!, manyOf)).toBe('tcp');
    expect(tcpdumpOf(parseTree('pod:web-7')!, manyOf)).toMatch(/^\(?host 10\.244\.1\.7/);
    expect(tcpdumpOf(parseTree('not pod:web')!, manyOf)).toBe(true);
  });

  it('leaves out what no packet shows, so that more passes and never less', () => {
    expect(written('latency>5ms')).toBe(true);
    expect(written('udp and latency>5ms')).toBe('udp');
    expect(written('udp or verdict:dropped')).toBe(true);
    expect(written('not latency>5ms')).toBe(true);
    expect(written('not (udp and device:eth0)')).toBe(true);
    expect(written('not (udp or device:eth0)')).toBe('not (udp)');
  });
});
