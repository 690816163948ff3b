import { describe, expect, it } from 'vitest';
import type { Program } from '../kernel/library.ts';
import { describe as describeDevices, devicesIn, viewOf } from './device-checks.ts';
import { checkForeign } from './program-checks.ts';
import { flannel, program } from './testing.ts';

const agents = program('tcx', 'hoplens_ingress', true);
const cilium = program('tcx', 'cil_from_container');

/** vethweb's ingress has these. */
const seen = (ingress: Program[]) =>
  describeDevices(
    devicesIn(viewOf(flannel())),
    [],
    { value: { 5: { ingress, egress: [] } } },
    { error: { code: 'internal', message: 'not asked' } },
  );

describe("others' programs", () => {
  it.each([
    { what: 'nobody', programs: [], hooks: 'tcx', says: 'nobody else' },
    { what: 'behind an agent to come', programs: [cilium], hooks: 'tcx', says: '1 program of others, all behind ours' },
    {
      what: 'behind the agent',
      programs: [agents, cilium],
      hooks: 'tcx',
      says: '1 program of others, all behind ours',
    },
    { what: 'the agent alone', programs: [agents], hooks: 'tcx', says: 'nobody else' },
  ] as const)('$what', ({ programs, hooks, says }) => {
    const checks = checkForeign(seen([...programs]), hooks, false);
    expect(checks).toMatchObject([{ state: 'ok', found: expect.stringContaining(says) as string }]);
  });

  it.each([
    { what: 'the agent', programs: [cilium, agents], hooks: 'tcx' },
    { what: 'an agent of clsact to come', programs: [cilium, program('clsact', 'late')], hooks: 'clsact' },
  ] as const)('before $what are named', ({ programs, hooks }) => {
    expect(checkForeign(seen([...programs]), hooks, false)).toMatchObject([
      { state: 'warning', found: 'at vethweb ingress others stand before us: cil_from_container' },
    ]);
  });

  it('cannot be told from those of an agent where none has a name', () => {
    const nameless = [program('tcx', ''), program('tcx', '')];
    expect(checkForeign(seen(nameless), 'tcx', true)).toMatchObject([{ state: 'ok', found: expect.stringContaining("the running agent's among them") as string }]); // prettier-ignore
  });
});
