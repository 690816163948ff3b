import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FilterError, explainFilter, parseFilter, type Subject } from './filter.ts';

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
