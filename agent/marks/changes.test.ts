import { expect, test } from 'vitest';
import type { Changes, RouteChange } from '../wire/messages.ts';
import { routeTexts, ruleTexts, tableText } from './changes.ts';

type Routes = NonNullable<Changes['routes']>;

const example = (more: Partial<RouteChange> = {}): RouteChange => ({
  change: 'new', destination: '10.9.0.0/16', gateway: '10.1.2.4', ifindex: 3, table: 254, ...more,
}); // prettier-ignore
const say = (more: Partial<Routes>): string[] =>
  routeTexts(
    { new: 0, replaced: 0, gone: 0, policies: 0, examples: [], ...more },
    (ifindex) => ({ 3: 'eth0' })[ifindex],
  );

test.each<[Partial<RouteChange>, string]>([
  [{}, 'route 10.9.0.0/16 via 10.1.2.4 on eth0 is new'],
  [{ change: 'replaced' }, 'route 10.9.0.0/16 is now via 10.1.2.4 on eth0'],
  [{ change: 'replaced', gateway: '', ifindex: 9 }, 'route 10.9.0.0/16 was replaced'],
  [{ change: 'gone', ifindex: 9 }, 'route 10.9.0.0/16 via 10.1.2.4 is gone'],
  [{ destination: '0.0.0.0/0', gateway: '', table: 100 }, 'route default in table 100 on eth0 is new'],
  [{ destination: '::/0', gateway: 'fe80::1' }, 'route default of IPv6 via fe80::1 on eth0 is new'],
  [{ refusal: 'blackhole', gateway: '', ifindex: 0 }, 'route blackhole 10.9.0.0/16 is new'],
])('a route %j', (more, text) => {
  expect(say({ new: 1, examples: [example(more)] })).toEqual([text]);
});

test('many routes are one change', () => {
  const examples = [example(), example(), example()];
  expect(say({ new: 1200, gone: 3, examples })).toEqual([
    '1,203 routes changed (1,200 new, 3 gone), first 10.9.0.0/16',
  ]);
  expect(say({ replaced: 1, examples: examples.slice(0, 1), isCut: true })).toEqual([
    'at least 1 route changed (1 replaced), first 10.9.0.0/16',
  ]);
  expect(say({ isCut: true })).toEqual(['routes may have changed: there were more events than the kernel kept']);
  expect(say({ policies: 2 })).toEqual(['2 routing rules changed']);
});

test('rules by table', () => {
  const table = { family: 'ip', table: 'kube-proxy', changes: 1012 };
  expect(tableText({ ...table, isCut: false })).toBe('rules changed: table ip kube-proxy, 1,012 changes');
  expect(tableText({ ...table, changes: 1, isCut: true })).toBe(
    'rules changed: table ip kube-proxy, at least 1 change',
  );
  expect(ruleTexts({ tables: [table] })).toEqual([]);
  expect(ruleTexts({ tables: [table], others: { tables: 4, changes: 9 } })).toEqual(['rules changed in 4 more tables, 9 changes']); // prettier-ignore
  expect(ruleTexts({ tables: [], isCut: true })).toEqual(['rules changed, more than the kernel kept count of']);
});
