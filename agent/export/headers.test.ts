import { describe, expect, it } from 'vitest';
import { parseAddress } from '../paths/addresses.ts';
import { Kind } from '../paths/words.ts';
import { headersOf, MOST_HEADER_BYTES, type Address, type InnerPacket } from './headers.ts';

const address = (text: string): Address => ({ words: parseAddress(text), at: 0 });

const packet = (more: Partial<InnerPacket> = {}): InnerPacket => ({
  source: address('10.244.1.2'), destination: address('10.244.2.2'), sourcePort: 40_000, destinationPort: 80, protocol: 6,
  kind: Kind.mark, bytes: 1452, headers: 52, sequence: 0x01020304, payload: 1400, tcpFlags: 0x18, ttl: 63, ...more,
}); // prettier-ignore

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('headers of a record', () => {
  it('are Ethernet, IPv4 with its checksum, and TCP as long as it was', () => {
    const bytes = headersOf(packet(), undefined, true);
    expect(hex(bytes.subarray(0, 14))).toBe('000000000000000000000000' + '0800');
    expect(hex(bytes.subarray(14, 34))).toBe('450005ac00000000' + '3f06' + sumOf('450005ac000000003f060000' + '0af401020af40202') + '0af401020af40202'); // prettier-ignore
    expect(hex(bytes.subarray(34))).toBe('9c40' + '0050' + '01020304' + '00000000' + '80' + '18' + 'ffff' + '00000000' + '01'.repeat(12)); // prettier-ignore
  });

  it('are UDP and IPv4 id, without a link header where the device has none', () => {
    const bytes = headersOf(packet({ protocol: 17, kind: Kind.udp, bytes: 128, sequence: 0x4711 }), undefined, false);
    expect(bytes).toHaveLength(28);
    expect(hex(bytes.subarray(2, 6))).toBe('0080' + '4711');
    expect(hex(bytes.subarray(20))).toBe('9c400050' + '006c' + '0000');
  });

  it('are IPv6 where the addresses are', () => {
    const bytes = headersOf(packet({ source: address('fd00::2'), destination: address('fd00::3') }), undefined, true);
    expect(hex(bytes.subarray(12, 22))).toBe('86dd' + '60000000' + '0584' + '06' + '3f');
    expect(hex(bytes.subarray(22, 54))).toBe('fd00' + '0'.repeat(27) + '2' + 'fd00' + '0'.repeat(27) + '3');
  });

  it('end behind IP where nobody told what follows', () => {
    expect(headersOf(packet({ protocol: 1, kind: Kind.icmp }), undefined, true)).toHaveLength(34);
    expect(headersOf(packet({ protocol: 17, kind: Kind.fragment }), undefined, true)).toHaveLength(34);
  });

  it('stand inside VXLAN on an uplink', () => {
    const outer = {
      source: address('192.168.1.10'), destination: address('192.168.1.11'), port: 8472, vni: 5, bytes: 50,
    }; // prettier-ignore
    const bytes = headersOf(packet(), outer, true);
    expect(hex(bytes.subarray(16, 18))).toBe((1452 + 50).toString(16).padStart(4, '0'));
    expect(hex(bytes.subarray(26, 34))).toBe('c0a8010a' + 'c0a8010b');
    expect(hex(bytes.subarray(34, 50))).toBe('0000' + '2118' + (1452 + 30).toString(16).padStart(4, '0') + '0000' + '08000000' + '00000500'); // prettier-ignore
    expect(hex(bytes.subarray(50))).toBe(hex(headersOf(packet(), undefined, true)));
    expect(MOST_HEADER_BYTES).toBeGreaterThanOrEqual(headersOf(packet({ headers: 80 }), { ...outer, bytes: 70 }, true).length); // prettier-ignore
  });

  it('tell of a length that no header can hold as the kernel does', () => {
    expect(hex(headersOf(packet({ bytes: 131_516 }), undefined, false).subarray(2, 4))).toBe('0000');
  });
});

/** The Internet checksum of a header in hex, its own field zero. */
function sumOf(header: string): string {
  const words = header.match(/.{4}/g)!.map((word) => parseInt(word, 16));
  const sum = words.reduce((all, word) => all + word, 0);
  return (~((sum & 0xffff) + (sum >> 16)) & 0xffff).toString(16).padStart(4, '0');
}
