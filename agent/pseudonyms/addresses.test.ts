import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../paths/addresses.ts';
import { createAddressPseudonyms } from './addresses.ts';

const ipv4 = fc.tuple(fc.constantFrom(10, 172, 192, 8, 100, 203, 250), fc.nat(3), fc.nat(3), fc.nat(255)).map((of) => of.join('.')); // prettier-ignore
const ipv6 = fc.tuple(fc.constantFrom('fd00', '2a01', 'fe80'), fc.nat(3), fc.nat(5)).map(([head, net, host]) => formatAddress(parseAddress(`${head}:0:0:${net}::${host}`), 0)); // prettier-ignore
const address = fc.oneof(ipv4, ipv6);

const networkOf = (text: string): string => {
  const words = parseAddress(text);
  return text.includes(':') ? `6 ${words[0]} ${words[1]}` : `4 ${words[3] & 0xffffff}`;
};

describe('pseudonyms of addresses', () => {
  it('are one for one, and keep the family and who shares a network', () => {
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 60 }), (all) => {
        const { text } = createAddressPseudonyms();
        const pairs = new Map(all.map((each) => [each, text(each)]));
        expect(new Set(pairs.values()).size).toBe(pairs.size);
        for (const [each, other] of pairs) {
          expect(text(each)).toBe(other);
          expect(other.includes(':')).toBe(each.includes(':'));
        }
        const networks = new Map<string, string>();
        for (const [each, other] of pairs) {
          const known = networks.get(networkOf(each)) ?? networkOf(other);
          networks.set(networkOf(each), known);
          expect(networkOf(other)).toBe(known);
        }
        expect(new Set(networks.values()).size).toBe(networks.size);
      }),
    );
  });

  it('of a flood from everywhere are still one for one', () => {
    const { text } = createAddressPseudonyms();
    const seen = new Set<string>();
    for (let at = 0; at < 70_000; at++) seen.add(text(`8.${at >> 16}.${(at >> 8) & 255}.${at & 255}`));
    for (let at = 0; at < 70_000; at++) seen.add(text(`${20 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.1`));
    expect(seen.size).toBe(140_000);
  });

  it.each([
    ['10.244.1.7', /^10\./], ['192.168.1.1', /^10\./], ['8.8.8.8', /^240\./], ['fd00::7', /^fd00:/], ['2a00::1', /^2001:db8:/],
    ['fe80::a:b:c:d', /^fe80::/],
  ])('%s is told from others by its kind', (each, like) => expect(createAddressPseudonyms().text(each)).toMatch(like)); // prettier-ignore

  it.each(['127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.251', '::', '::1', 'ff02::1'])('%s is nobody', (each) =>
    expect(createAddressPseudonyms().text(each)).toBe(each),
  );

  it('a solicited-node group does not tell the end of an address', () => {
    expect(createAddressPseudonyms().text('ff02::1:ffab:cdef')).toBe('ff02::1:ff00:0');
  });
});
