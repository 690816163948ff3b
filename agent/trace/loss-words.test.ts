import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainLoss, type LossKind } from './loss-words.ts';

const dropped = (reason: string, more: Partial<LossKind> = {}): LossKind => ({
  verdict: 'dropped', reason, symbol: '', hook: null, inPod: false, ...more,
}); // prettier-ignore

const unknown = explainLoss(dropped('NEVER_HEARD_OF')).means;

/** No loss of ours, or not told by the names alone. */
const notLosses = /^(NOT_SPECIFIED|MAX|SUBSYS_.*|UNIX_.*|QUEUE_PURGE|SKB_CONSUMED)$/;

/** Names of the running kernel's enum, from the strings of its BTF. */
function kernelReasons(): string[] | undefined {
  try {
    const names = readFileSync('/sys/kernel/btf/vmlinux')
      .toString('latin1')
      .match(/SKB_DROP_REASON_[A-Z0-9_]+/g);
    return [...new Set(names)].map((name) => name.replace('SKB_DROP_REASON_', ''));
  } catch {
    return undefined;
  }
}

const names = kernelReasons();

describe('what a loss means', () => {
  it.skipIf(names === undefined)('is known of every reason of the running kernel (missing: its BTF)', () => {
    const lacking = names!.filter((name) => !notLosses.test(name) && explainLoss(dropped(name)).means === unknown);
    expect(lacking).toEqual([]);
  });

  it('is a sentence, and so is what to look at, whatever the kernel says', () => {
    const kind = fc.record({
      verdict: fc.constantFrom('dropped', 'vanished', 'unseen', 'handed', 'delivered'),
      reason: fc.oneof(fc.string(), fc.constantFrom('toString', '__proto__', ...(names ?? ['NO_SOCKET']))),
      symbol: fc.string(),
      hook: fc.option(fc.constantFrom('forward', 'bridge prerouting')),
      inPod: fc.boolean(),
    }) as fc.Arbitrary<LossKind>;
    fc.assert(
      fc.property(kind, (given) => {
        const { means, look } = explainLoss(given);
        for (const said of [means, look]) expect(said).toMatch(/^[A-Za-z].*\.$/s);
      }),
    );
  });

  it('is told of the function where the kernel gives no reason', () => {
    expect(explainLoss(dropped('NOT_SPECIFIED', { symbol: 'ip_error' })).means).toContain('no route');
    expect(explainLoss(dropped('NOT_SPECIFIED', { symbol: 'neigh_invalidate' })).means).toContain('MAC address');
    expect(explainLoss(dropped('NETFILTER_DROP', { symbol: 'nft_do_chain', hook: 'forward' })).look).toContain(
      'nft list',
    );
    expect(explainLoss(dropped('NOMEM', { hook: 'forward' })).means).toMatch(/^In netfilter’s forward hook: /);
  });

  it('is told of a packet of which no kernel said anything', () => {
    const vanished = dropped('', { verdict: 'vanished' });
    expect(explainLoss(vanished).look).toContain('underlay');
    expect(explainLoss({ ...vanished, isXdp: true }).look).toContain('XDP');
  });
});
