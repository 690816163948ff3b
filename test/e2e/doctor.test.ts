/** hoplens doctor on a node of a lab: before, beside and after an agent, on a node with faults, and without rights. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../agent/doctor/check.ts';
import type { Findings } from '../../agent/doctor/report.ts';
import { since } from './causes/places.ts';
import { createChain, inNetns, tcxPrograms } from '../faults/bpf.ts';
import { hoplens, servedAt, startHoplens } from '../faults/tools.ts';
import { createLab, labMissing, type Lab } from '../lab/index.ts';
import { inNamespace } from '../lab/run.ts';

const [missing] = await labMissing();
const hasTcx = since('6.6', true, false);
/** What a DaemonSet has. */
const agentsRights = ['--inh-caps=-all,+bpf,+net_admin,+perfmon', '--bounding-set=-all,+bpf,+net_admin,+perfmon'];

describe.skipIf(missing !== undefined)(`hoplens doctor (needs root and a lab; missing: ${missing})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab('flannel-vxlan', { signals: false });
  });
  afterAll(() => lab?.down());

  async function doctor(args: string[] = [], before: string[] = []): Promise<{ status: number; findings: Findings }> {
    const words = ['doctor', '--json', '--listen', '127.0.0.1:0', ...args];
    const { status, stdout, stderr } = await hoplens(words, inNamespace(lab.netns('n1'), before));
    expect(stderr).toBe('');
    return { status, findings: JSON.parse(stdout) as Findings };
  }

  const named = ({ checks }: Findings, name: string): Check[] => checks.filter((check) => check.name === name);
  const problems = ({ checks }: Findings): string[] =>
    checks.filter((check) => check.state === 'problem').map((check) => check.name);
  const ifindexOf = async (device: string): Promise<number> => {
    const { stdout } = await lab.exec('n1', ['ip', '-j', 'link', 'show', device]);
    return (JSON.parse(stdout) as { ifindex: number }[])[0].ifindex;
  };
  const foreignAt = (ifindex: number): string[] =>
    hasTcx ? inNetns(lab.netns('n1'), () => tcxPrograms(ifindex, 'ingress')) : [];
  async function state(): Promise<string[]> {
    const shown = await Promise.all([['tc', 'qdisc', 'show'], ['ip', 'link', 'show']].map((words) => lab.exec('n1', words))); // prettier-ignore
    return [...shown.map(({ stdout }) => stdout), ...foreignAt(await ifindexOf('vethweb'))];
  }

  it('finds a node fit to be watched, and leaves it as it was', async () => {
    const before = await state();
    const { status, findings } = await doctor();
    expect(problems(findings)).toEqual([]);
    expect(status).toBe(0);
    for (const name of ['programs', 'hooks', 'drops', 'queues', 'rules', 'library', 'agent', 'foreign-programs'])
      expect(named(findings, name), name).toMatchObject([{ state: 'ok', advice: null }]);
    expect(Object.fromEntries(findings.devices.map(({ name, kind }) => [name, kind]))).toEqual({
      eth0: 'uplink', cni0: 'bridge', 'flannel.1': 'vxlan', vethweb: 'pod', vethshop: 'pod',
    }); // prettier-ignore
    expect(findings.devices.every((device) => device.watched && device.offloads && device.programs)).toBe(true);
    expect(await state()).toEqual(before);
  });

  it('leaves an agent alone that runs with the same rights, and finds it', async () => {
    const inside = (argv: string[]) => inNamespace(lab.netns('n1'), ['setpriv', ...agentsRights, ...argv]);
    const agent = startHoplens(['agent', '--listen', '127.0.0.1:0'], inside([]));
    try {
      const address = (await servedAt(agent)).replace('ws://', '');
      const before = agent.stderr();
      const { status, findings } = await doctor(['--listen', address], ['setpriv', ...agentsRights]);
      expect({ status, problems: problems(findings) }).toEqual({ status: 0, problems: [] });
      expect(named(findings, 'agent')).toMatchObject([{ found: expect.stringMatching(/^one runs/) as string }]);
      expect(named(findings, 'listen')).toMatchObject([{ found: expect.stringContaining(`serves at ${address}`) as string }]); // prettier-ignore
      expect(findings.devices.every((device) => device.programs?.ingress.length === 1)).toBe(true);
      expect(agent.stderr()).toBe(before);
    } finally {
      expect(await agent.end()).toBe(0);
    }
  });

  it('names an MTU that leaves no room', async () => {
    await lab.exec('n1', ['ip', 'link', 'set', 'eth0', 'mtu', '1480']);
    try {
      const { status, findings } = await doctor();
      expect({ status, problems: problems(findings) }).toEqual({ status: 1, problems: ['mtu'] });
      expect(named(findings, 'mtu')[0].found).toMatch(/flannel.1's MTU of 1450 and 50 bytes of VXLAN exceed eth0's 1480 by 20/); // prettier-ignore
    } finally {
      await lab.exec('n1', ['ip', 'link', 'set', 'eth0', 'mtu', '1500']);
    }
  });

  it.skipIf(!hasTcx)(
    'names programs of others that would stand before ours (needs a kernel with tcx: 6.6)',
    async () => {
      const ifindex = await ifindexOf('vethweb');
      const foreign = createChain(1);
      try {
        inNetns(lab.netns('n1'), () => foreign.attachTcx(0, ifindex, 'ingress'));
        const { status, findings } = await doctor(['--hooks', 'clsact']);
        expect({ status, problems: problems(findings) }).toEqual({ status: 0, problems: [] });
        expect(named(findings, 'foreign-programs')).toMatchObject([
          { state: 'warning', found: 'at vethweb ingress others stand before us: foreign0' },
        ]);
        expect(foreignAt(ifindex)).toEqual(['foreign0']);
      } finally {
        foreign.close();
      }
    },
  );

  it('says what is refused without rights, and looks at all the rest', async () => {
    const [withoutBpf, nobody] = await Promise.all([
      doctor([], ['setpriv', '--bounding-set', '-bpf,-sys_admin', '--inh-caps', '-bpf,-sys_admin']),
      doctor([], ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']),
    ]);
    expect(named(withoutBpf.findings, 'capabilities')).toMatchObject([{ found: 'the capability BPF is missing' }]);
    for (const { status, findings } of [withoutBpf, nobody]) {
      expect({ status, problems: problems(findings) }).toEqual({ status: 1, problems: ['capabilities', 'programs'] });
      expect(named(findings, 'drops')).toMatchObject([{ state: 'warning', found: 'not known: the kernel programs do not load' }]); // prettier-ignore
      expect(findings.devices).toHaveLength(5);
      expect(named(findings, 'mtu')).toMatchObject([{ state: 'ok' }]);
    }
  });
});
