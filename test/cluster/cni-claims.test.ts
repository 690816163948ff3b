import { describe, expect, it } from 'vitest';
import { aroundForeign } from './cni-claims.ts';
import { parsePrograms } from './cni-scripts.ts';

const before = `eth0             ifindex=2 tcx/ingress prog=7 link=3 cil_from_netdev
eth0             ifindex=2 tcx/ingress prog=9 link=5 other
`;
const own = `eth0             ifindex=2 tcx/ingress prog=20 link=11 hoplens_ingress
${before.replace('prog=7', 'prog=8')}eth0             ifindex=2 tcx/egress  prog=21 link=12 hoplens_egress
`;
const programs = { before: parsePrograms(before), during: parsePrograms(own) };

describe('programs at a device', () => {
  it('are read in their order, as links that outlive what is in them', () => {
    expect([...programs.during]).toEqual([
      ['eth0 ingress', ['11 hoplens_ingress', '3 cil_from_netdev', '5 other']],
      ['eth0 egress', ['12 hoplens_egress']],
    ]);
  });

  it('are untouched where ours come first and go again', () => {
    const seen = aroundForeign(['eth0'], programs.before, programs.during, programs.before);
    expect(seen).toBe('eth0; behind ours cil_from_netdev other');
  });

  it.each([
    ['ours is missing', programs.before, programs.before, /not first at eth0 ingress/],
    ['ours is behind', parsePrograms(before + own.split('\n')[0] + '\n'), programs.before, /not first/],
    ['another is gone', parsePrograms(own.replace(/^.*other\n/m, '')), programs.before, /behind ours at eth0 ingress/],
    ['their order changed', parsePrograms(swap(own)), programs.before, /behind ours at eth0 ingress/],
    ['ours stayed', programs.during, programs.during, /we left/],
  ])('are not where %s', (_, during, after, message) => {
    expect(() => aroundForeign(['eth0'], programs.before, during, after)).toThrow(message);
  });
});

function swap(text: string): string {
  const lines = text.split('\n');
  return [lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n');
}
