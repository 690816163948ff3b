import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interfaceBlock, LinkType, packetBlock, section, Way } from './pcapng-blocks.ts';
import { readPackets, readPcapng } from './testing.ts';

const eth0 = interfaceBlock({
  name: 'n1:eth0', description: 'uplink of node n1', linkType: LinkType.ethernet, mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  snapBytes: 184,
}); // prettier-ignore

describe('blocks of pcapng', () => {
  it('are those of the specification, byte by byte', () => {
    const hex = Buffer.from(section('h', '')).toString('hex');
    expect(hex).toBe(
      '0a0d0d0a' + '2c000000' + '4d3c2b1a' + '0100' + '0000' + 'ffffffffffffffff' +
        '01000000' + '0400010068000000' + '00000000' + '2c000000',
    ); // prettier-ignore
    const [, { body, options }] = readPcapng(Buffer.concat([section('', ''), eth0]));
    expect([body.getUint16(0, true), body.getUint32(4, true)]).toEqual([1, 184]);
    expect(options.get(9)).toEqual(Uint8Array.of(9));
    expect(options.get(6)).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 1));
  });

  it('come back as they went, whatever their lengths', () => {
    const packet = fc.record({
      interface: fc.constant(0),
      timeNs: fc.bigInt({ min: 0n, max: 2n ** 63n }),
      bytes: fc.uint8Array({ maxLength: 200 }),
      originalBytes: fc.nat(0xffffff),
      comment: fc.string({ unit: 'binary', maxLength: 300 }),
      way: fc.constantFrom(0, Way.inbound, Way.outbound),
    });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 5 }), (packets) => {
        const read = readPackets(Buffer.concat([section('hoplens', 'x'), eth0, ...packets.map(packetBlock)]));
        expect(read).toEqual(
          packets.map(({ timeNs, bytes, originalBytes, comment }) => ({
            interface: 'n1:eth0', timeNs, originalBytes, comment, bytes: Uint8Array.from(bytes),
          })),
        ); // prettier-ignore
      }),
      { numRuns: 50 },
    );
  });
});
