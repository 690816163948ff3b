import { expect, test } from 'vitest';
import type { Control } from '../../../agent/client/protocol.ts';
import { createFollowing } from './following.ts';

test('asks once for what changes, and again on a new connection', () => {
  const sent: string[] = [];
  const send = (control: Control): void => void (control.type === 'filter' && sent.push(control.expression));
  const following = createFollowing(() => ['10.244.1.2'], send);
  following.up();
  following.ask('');
  expect(sent).toEqual([]);
  following.ask('pod:web and latency>5ms');
  following.ask('pod:web');
  following.up();
  following.ask('tcp port');
  following.up();
  following.ask('latency>5ms');
  expect(sent).toEqual(['host 10.244.1.2', 'host 10.244.1.2', '']);
});
