import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressBook, formatAddress, formatEndpoint, isUnicast, parseAddress } from './addresses.ts';

const round = (text: string): string => formatAddress(parseAddress(text), 0);

describe('an address', () => {
  it('comes back as it was written', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => round(text) === text));
    for (const text of ['::', '::1', 'fe80::1', 'fd00:10:244:1::2', '1:0:0:2::3', '2001:db8::8:800:200c:417a', '1::']) {
      expect(round(text)).toBe(text);
    }
  });

  it('of IPv6 stays the same address', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const words = new Uint32Array(bytes.slice().buffer);
        fc.pre(words[0] !== 0);
        expect(isIPv6(formatAddress(words, 0))).toBe(true);
        expect([...parseAddress(formatAddress(words, 0))]).toEqual([...words]);
      }),
    );
  });

  it('stands before its port', () => {
    expect(formatEndpoint('10.0.0.1', 80)).toBe('10.0.0.1:80');
    expect(formatEndpoint('fd00::1', 80)).toBe('[fd00::1]:80');
    expect(formatEndpoint('fd00::1', 0)).toBe('fd00::1');
  });

  it('is of one or of many', () => {
    const many = ['224.0.0.1', '255.255.255.255', '0.0.0.0', 'ff02::1'];
    expect(many.some((text) => isUnicast(parseAddress(text), 0))).toBe(false);
    expect(['10.0.0.1', 'fe80::1', '223.255.255.255'].every((text) => isUnicast(parseAddress(text), 0))).toBe(true);
  });
});

describe('the address book', () => {
  it('knows nodes, pods that sent, and in whose network a silent pod must live', () => {
    const book = createAddressBook();
    book.setOwn(0, ['10.244.1.1', '192.168.1.10'], ['10.244.1.1']);
    book.setOwn(1, ['10.244.2.1'], ['10.244.2.1']);
    book.learn(parseAddress('10.244.1.7'), 0, 0, 12, 0);
    expect(book.find(parseAddress('192.168.1.10'), 0)).toEqual({ node: 0, ifindex: 0 });
    expect(book.find(parseAddress('10.244.1.7'), 0)).toEqual({ node: 0, ifindex: 12 });
    expect(book.find(parseAddress('10.244.2.9'), 0)).toBeUndefined();
    expect(book.expect(parseAddress('10.244.2.9'), 0)).toBe(1);
    expect(book.expect(parseAddress('10.244.3.9'), 0)).toBeUndefined();
    book.setOwn(1, [], []);
    expect(book.expect(parseAddress('10.244.2.9'), 0)).toBeUndefined();
  });

  it('forgets pods that have not sent for an hour', () => {
    const book = createAddressBook();
    const knownAt = (minutes: number): boolean[] => {
      book.learn(parseAddress('10.244.1.7'), 0, 0, 12, minutes * 60_000);
      return ['10.244.1.7', '10.244.1.8'].map((address) => book.find(parseAddress(address), 0) !== undefined);
    };
    book.learn(parseAddress('10.244.1.8'), 0, 0, 13, 0);
    expect([0, 29, 31, 59, 62].map(knownAt)).toEqual([
      [true, true], [true, true], [true, true], [true, true], [true, false],
    ]); // prettier-ignore
  });

  it('does not guess between two nodes with the same network', () => {
    const book = createAddressBook();
    book.setOwn(0, ['172.17.0.1'], ['172.17.0.1']);
    book.setOwn(1, ['172.17.0.1'], ['172.17.0.1']);
    expect(book.expect(parseAddress('172.17.0.5'), 0)).toBeUndefined();
  });
});
