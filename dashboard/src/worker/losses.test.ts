import { expect, test } from 'vitest';
import { createLossShares } from './losses.ts';
import { flannel, layRows, type Laid } from './map/rows.ts';

const whole = flannel('n1', 'a', 'n2', 'b');
const lost = { hops: whole.slice(0, 3), isLost: true, loss: 'dropped at n1', verdict: 'dropped' } as const;
const client = { source: '10.0.0.1', service: 80 };
const backend = { ...client, destination: '10.0.1.1', addressed: '10.96.0.1' };

const shares = ({ rows, window }: Laid): number[] => rows.map(createLossShares(() => rows, window));

test('what arrived and what did not are parts of what two ends sent each other', () => {
  const laid = layRows();
  laid.add({ ...backend, hops: whole }, { packets: 60 });
  laid.add({ ...backend, hops: whole, isSuper: true }, { packets: 20 });
  laid.add({ ...backend, ...lost }, { packets: 15 });
  laid.add({ ...backend, ...lost, verdict: 'vanished', loss: 'vanished behind n1' }, { packets: 5 });
  laid.add({ ...backend, hops: whole, destination: '10.0.1.2' });
  laid.add({ ...backend, hops: whole, protocol: 'udp' });
  laid.add({ ...backend, hops: whole, service: 81 });
  expect(shares(laid)).toEqual([0.2, 0.2, 0.15, 0.05, 0, 0, 0]);
});

test('what was lost before its destination was translated is a part of all that was sent there', () => {
  const laid = layRows();
  laid.add({ ...backend, hops: whole }, { packets: 50 });
  laid.add({ ...backend, hops: whole, destination: '10.0.1.2' }, { packets: 40 });
  laid.add({ ...client, ...lost, destination: '10.96.0.1' }, { packets: 10 });
  expect(shares(laid)).toEqual([0, 0, 0.1]);
});

test('where nothing arrives all is lost; without packets nobody knows', () => {
  const laid = layRows();
  laid.add({ ...backend, ...lost }, { packets: 3 });
  laid.add({ ...client, hops: whole }, { packets: 0 });
  expect(shares(laid)).toEqual([1, NaN]);
});
