import { describe, expect, it } from 'vitest';
import { ok, problem, warning } from './check.ts';
import type { DoctorDevice } from './device-checks.ts';
import { report, type Findings } from './report.ts';
import { program } from './testing.ts';

const device = (name: string, more: Partial<DoctorDevice> = {}): DoctorDevice => ({
  ifindex: 2, name, kind: 'uplink', linkType: '', mtu: 1500, up: true, watched: true, addresses: [],
  programs: null, offloads: null, ...more,
}); // prettier-ignore

const findings: Findings = {
  hoplens: '0.1.0',
  node: 'n1',
  kernel: '6.1.0',
  checks: [
    ok('kernel', 'Linux 6.1.0'),
    warning('ntp', 'nobody keeps CLOCK_REALTIME in step', 'run chrony'),
    problem('capabilities', 'the capability BPF is missing', 'run it as root'),
  ],
  devices: [
    device('eth0', { addresses: ['192.168.1.10', 'fd00::10'], xdp: 'native' }),
    device('flannel.1', { kind: 'vxlan', mtu: 1450, tunnel: { vni: 1, port: 8472, local: '192.168.1.10' } }),
    device('tap0', { kind: 'other', linkType: 'tun', watched: false, up: false }),
    device('veth1', {
      programs: { ingress: [program('tcx', 'a'), program('tcx', 'hoplens_ingress', true)], egress: [] },
    }),
    device('veth2', { programs: { ingress: [program('tcx', '')], egress: [program('tcx', '')] } }),
  ],
};

describe('what the doctor found', () => {
  it('is aligned, and words say what colours do', () => {
    expect(report(findings, { columns: 80, isColoured: false })).toMatchInlineSnapshot(`
      [
        "hoplens 0.1.0 · node n1 · Linux 6.1.0",
        "",
        "ok       kernel        Linux 6.1.0",
        "warning  ntp           nobody keeps CLOCK_REALTIME in step",
        "                       → run chrony",
        "problem  capabilities  the capability BPF is missing",
        "                       → run it as root",
        "",
        "device     as                  MTU  addresses and what sits there",
        "eth0       uplink             1500  192.168.1.10 · fd00::10 · XDP native",
        "flannel.1  vxlan :8472        1450",
        "tap0       tun (not watched)  1500  down",
        "veth1      uplink             1500  1 program of others",
        "veth2      uplink             1500  2 programs",
        "",
        "1 problem, 1 warning, 1 ok",
      ]
    `);
  });

  it('moves no cursor, whatever a device is called: one that comes back out of a pod has the name that it got there', () => {
    const name = '\x1b[2Jeth7';
    const hostile = { ...findings, checks: [warning('lro', `${name} merges`, `ethtool -K ${name}`)], devices: [device(name)] };
    const text = report(hostile, { columns: 120, isColoured: false }).join('');
    expect(text).not.toContain('\x1b');
    expect(text.split('\\u{1b}[2Jeth7')).toHaveLength(4);
  }); // prettier-ignore

  it('stands below its name where the terminal is narrow', () => {
    expect(report(findings, { columns: 40, isColoured: false })).toMatchInlineSnapshot(`
      [
        "hoplens 0.1.0 · node n1 · Linux 6.1.0",
        "",
        "ok       kernel",
        "   Linux 6.1.0",
        "warning  ntp",
        "   nobody keeps CLOCK_REALTIME in step",
        "   → run chrony",
        "problem  capabilities",
        "   the capability BPF is missing",
        "   → run it as root",
        "",
        "eth0 · uplink · 1500 · 192.168.1.10",
        "   fd00::10 · XDP native",
        "flannel.1 · vxlan :8472 · 1450",
        "tap0 · tun (not watched) · 1500 · down",
        "veth1 · uplink · 1500",
        "   1 program of others",
        "veth2 · uplink · 1500 · 2 programs",
        "",
        "1 problem, 1 warning, 1 ok",
      ]
    `);
  });

  it.each([30, 40, 59, 60, 80, 120])('fits %i columns', (columns) => {
    const lines = report(findings, { columns, isColoured: false });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it('is coloured without being changed', () => {
    const [plain, coloured] = [false, true].map((isColoured) => report(findings, { columns: 80, isColoured }));
    expect(coloured.join('\n')).toContain('\x1b[31mproblem\x1b[0m');
    // eslint-disable-next-line no-control-regex
    expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(plain);
  });
});
