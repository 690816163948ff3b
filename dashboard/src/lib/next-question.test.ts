import { expect, test } from 'vitest';
import { segmentNames } from '../../../agent/paths/segments.ts';
import { askDevice, askNode, askSegment } from './next-question.ts';

const from = { node: 'n1', device: 'flannel.1', kind: 'vxlan' } as const;
const to = { node: 'n2', device: 'eth0', kind: 'uplink' } as const;

test('every segment has a question of its own, with a command on the node that does the work', () => {
  const all = segmentNames.map((name) => askSegment(name, from, to));
  expect(new Set(all.map(({ ask }) => ask)).size).toBe(segmentNames.length);
  for (const { ask, run } of all) expect([ask.endsWith('?'), run.length > 0]).toEqual([true, true]);
  expect(askSegment('queue', { ...from, device: 'eth0' }, to)).toMatchObject({
    run: 'tc -s qdisc show dev eth0',
    on: 'n1',
  });
  expect(askSegment('decap', from, to)).toMatchObject({ on: 'n2' });
});

test('a device is asked about with the paths through it', () => {
  expect(askDevice(to)).toMatchObject({ on: 'n2' });
  expect(askDevice(to).run).toContain('hoplens trace device:eth0');
  expect(askDevice({ ...to, device: "a'; reboot" }).run).toMatch(/^ip -s link show dev 'a'\\''; reboot';/);
});

test('of a node what is worst is asked first', () => {
  const healthy = { name: 'n1', state: 'up', ringFull: 0, capped: 0, missed: 0, unattached: 0, boundNs: 900 } as const;
  const order = [
    { ...healthy, state: 'down', unattached: 1 },
    { ...healthy, unattached: 1, capped: 1 },
    { ...healthy, capped: 1, missed: 1 },
    { ...healthy, missed: 1, boundNs: NaN },
    { ...healthy, boundNs: NaN },
    healthy,
  ] as const;
  expect(order.map((node) => askNode(node).run.split(' ')[0])).toEqual([
    'kubectl', 'hoplens', 'hoplens', 'ss', 'chronyc', 'nstat',
  ]); // prettier-ignore
});
