import { describe, expect, it } from 'vitest';
import type { Loaded } from './examined.ts';
import type { Host } from './host.ts';
import * as kernel from './kernel-checks.ts';

const all = 'CapEff:\t000001ffffffffff';
const host = (status: string, lockdown = ''): Host => ({ status, lockdown }) as Host;
const loaded = (more: Partial<Loaded> = {}): Loaded => ({
  hooks: 'tcx', drops: { pages: true }, queues: {}, rules: {}, ...more,
}); // prettier-ignore
const refused = { error: { code: 'no-permission', message: 'loading the kernel programs: not permitted' } };

describe('the release', () => {
  it.each([
    ['6.1.0-31-amd64', 'ok'],
    ['6.18.44', 'ok'],
    ['10.0.1', 'ok'],
    ['6.0.19', 'problem'],
    ['5.15.0-1058-aws', 'problem'],
  ])('%s: %s', (release, state) => expect(kernel.checkRelease(release)).toMatchObject({ name: 'kernel', state }));
});

describe('the programs', () => {
  it('load', () => expect(kernel.checkPrograms({ value: loaded() }, host(all))).toMatchObject({ state: 'ok' }));

  it.each([
    { what: 'capabilities', of: host('CapEff:\t0\nSeccomp:\t2'), says: /capabilities BPF, NET_ADMIN and PERFMON/ },
    { what: 'seccomp', of: host(`${all}\nSeccomp:\t2`), says: /seccomp filter is in force/ },
    { what: 'lockdown', of: host(`${all}\nSeccomp:\t2`, 'none integrity [confidentiality]'), says: /locked down/ },
  ])('are refused, and it says by whom: $what', ({ of, says }) => {
    const check = kernel.checkPrograms(refused, of);
    expect(check).toMatchObject({ state: 'problem', found: refused.error.message });
    expect(check.advice).toMatch(says);
  });
});

it('what lacks rights is named as the agent names it', () => {
  expect(kernel.checkCapabilities(all).state).toBe('ok');
  expect(kernel.checkCapabilities('CapEff:\t0000000000001000')).toMatchObject({
    state: 'problem',
    found: 'the capabilities BPF and PERFMON are missing',
  });
});

describe('what an agent can do without', () => {
  const without = loaded({
    hooks: 'clsact',
    drops: { missing: 'no kfree_skb', pages: false },
    queues: { missing: 'no napi' },
    rules: { missing: 'iptables-legacy' },
  });

  it('is a warning where it was asked for', () => {
    expect(kernel.checkDrops(without, true)).toMatchObject({ state: 'warning', found: 'drops are not watched: no kfree_skb' }); // prettier-ignore
    expect(kernel.checkQueues(without, true)).toMatchObject({ state: 'warning' });
    expect(kernel.checkRules(without)).toMatchObject({ state: 'warning' });
    expect(kernel.checkDrops(without, false)).toMatchObject({ state: 'ok' });
    expect(kernel.checkQueues(without, false)).toMatchObject({ state: 'ok' });
  });

  it('says which hooks, and what older kernels do not read', () => {
    expect(kernel.checkHooks(without).found).toMatch(/^clsact/);
    expect(kernel.checkHooks(loaded())).toMatchObject({ state: 'ok', found: 'tcx' });
    expect(kernel.checkDrops(loaded({ drops: { pages: false } }), true).found).toMatch(/from Linux 6.12 on/);
    expect(kernel.checkDrops(loaded(), true).found).not.toMatch(/6.12/);
  });

  it('names what keeps filters from the kernel', () => {
    expect(kernel.checkFilters({}).state).toBe('ok');
    const missing = { problem: { message: 'libpcap is not installed here', at: 0 } };
    expect(kernel.checkFilters(missing)).toMatchObject({ state: 'warning', found: expect.stringContaining('libpcap is not installed') as string }); // prettier-ignore
  });
});
