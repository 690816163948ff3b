import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingError, createRingReader, type RingMemory } from './ring.ts';

const strideBytes = 24;
const ringBytes = 256;

/** A ring as the kernel would fill it, its data mapped twice: here written twice. */
function fakeRing(
  start: number,
): RingMemory & { produce: (value: number, flags?: number, length?: number) => void; room: () => number } {
  const memory = {
    bytes: ringBytes,
    consumer: new ArrayBuffer(8),
    producer: new ArrayBuffer(8),
    data: new ArrayBuffer(2 * ringBytes),
  };
  const consumer = new BigInt64Array(memory.consumer);
  const producer = new BigInt64Array(memory.producer);
  consumer[0] = producer[0] = BigInt(start);
  const view = new DataView(memory.data);
  return {
    ...memory,
    room: () => ringBytes - Number(producer[0] - consumer[0]),
    produce(value, flags = 0, length = strideBytes - 8) {
      const at = Number(producer[0]) % ringBytes;
      for (let offset = 0; offset < strideBytes; offset += 4) {
        const word = offset === 0 ? (length | flags) >>> 0 : offset === 8 ? value : 0;
        view.setUint32((at + offset) % ringBytes, word, true);
        view.setUint32(((at + offset) % ringBytes) + ringBytes, word, true);
      }
      producer[0] += BigInt(strideBytes);
    },
  };
}

const BUSY = 0x80000000;
const DISCARDED = 0x40000000;

describe('ring', () => {
  it('gives every record once and in order, over wraps of the ring, of 32 bits and of batches', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ produce: fc.integer({ min: 0, max: 12 }), most: fc.integer({ min: 0, max: 8 }) })),
        fc.constantFrom(0, 240, 0xffffff00 - (0xffffff00 % 8), 0x100000000 * 3 - 48),
        (steps, start) => {
          const memory = fakeRing(start);
          const ring = createRingReader(memory, strideBytes);
          const seen: number[] = [];
          const sent: number[] = [];
          const drain = (most: number): number =>
            ring.drain((words, at, count) => {
              for (let i = 0; i < count; i++) seen.push(words[at + (i * strideBytes) / 4 + 2]);
            }, most);
          for (const { produce, most } of steps) {
            for (let i = 0; i < produce && memory.room() >= strideBytes; i++) {
              const discarded = sent.length % 7 === 3;
              memory.produce(sent.length, discarded ? DISCARDED : 0);
              sent.push(discarded ? -1 : sent.length);
            }
            expect(drain(most)).toBeLessThanOrEqual(most);
          }
          drain(Infinity);
          expect(seen).toEqual(sent.filter((value) => value >= 0));
          expect(ring.fill()).toBe(0);
        },
      ),
    );
  });

  it('stops at a record that is being written', () => {
    const memory = fakeRing(0);
    const ring = createRingReader(memory, strideBytes);
    memory.produce(1);
    memory.produce(2, BUSY);
    memory.produce(3);
    const seen: number[] = [];
    ring.drain((words, at, count) => seen.push(words[at + 2], count), Infinity);
    expect(seen).toEqual([1, 1]);
    expect(ring.fill()).toBe((2 * strideBytes) / ringBytes);
  });

  it('refuses records of another size', () => {
    const memory = fakeRing(0);
    memory.produce(1, 0, 48);
    expect(() => createRingReader(memory, strideBytes).drain(() => undefined, 1)).toThrow(RingError);
  });
});
