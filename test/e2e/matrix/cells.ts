/** The cells of the matrix: what traffic meets, and which traffic. */
import { coveringArray, type Cell as CellOf } from './covering.ts';

const onOff = ['on', 'off'] as const;

/** The first level goes with every other. */
export const factors = {
  network: ['vxlan', 'host-gw'],
  /** `bad` loses, duplicates and reorders. */
  wire: ['good', 'bad'],
  family: ['4', '6'],
  nat: ['none', 'dnat', 'snat', 'both'],
  podSegmentation: onOff,
  uplinkSegmentation: onOff,
  podGro: onOff,
  tunnelGro: onOff,
  uplinkGro: onOff,
  /** Super-packets beyond 64 KiB, where devices carry them. */
  bigTcp: ['off', 'on'],
  udpSegmentation: ['off', 'on'],
  udpGro: ['off', 'on'],
  udpChecksum: onOff,
  timestamps: onOff,
  mss: ['usual', '88', '700'],
  window: ['usual', 'small'],
  flows: ['1', '64'],
  tcp: ['bulk', 'requests'],
  datagrams: ['udp', 'dns', 'quic', 'fragments', 'reversed'],
  others: ['echo', 'errors', 'sctp', 'multicast'],
} as const;

export type Cell = CellOf<typeof factors>;

/** Only such datagrams as a sender would hand over ten at a time are cut and merged; the kernel does not cut without checksum. */
function isPossible({ datagrams = 'udp', udpSegmentation, udpGro, udpChecksum }: Record<string, string>): boolean {
  if (udpSegmentation === 'on' && udpChecksum === 'off') return false;
  return datagrams === 'udp' || datagrams === 'quic' || (udpSegmentation !== 'on' && udpGro !== 'on');
}

const usual = Object.fromEntries(Object.entries(factors).map(([name, [level]]) => [name, level])) as unknown as Cell;

/** What takes more than three settings together: super-packets beyond 64 KiB need all else as usual. */
export const bigCells: Cell[] = (['4', '6'] as const).map((family) => ({
  ...usual,
  network: 'host-gw',
  bigTcp: 'on',
  family,
}));

/** Every pair of levels, in about thirty cells; or, with strength 3, every triple. */
export const cellsOf = (strength = 2): Cell[] => [
  ...coveringArray(factors, { strength, seed: 5, isPossible }),
  ...bigCells,
];

/** Cells of one lab, which is what takes longest to make. */
export const labOf = ({ network, wire }: Cell): string => `${network} on a ${wire} wire`;

/** In words, without what goes without saying. */
export const nameOf = (cell: Cell): string =>
  Object.entries(cell).filter(([name, level]) => level !== factors[name as keyof Cell][0]).map(([name, level]) => `${name} ${level}`).join(', ') || 'all as usual'; // prettier-ignore
