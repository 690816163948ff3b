import { expect, test } from 'vitest';
import { tabAfter } from './tabs.ts';

const tabs = (['a', 'b', 'c'] as const).map((value) => ({ value, key: value, title: '' }));

test('arrow keys go round, Home and End to the ends, others nowhere', () => {
  expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'Enter'].map((key) => tabAfter(tabs, 'a', key))).toEqual([
    'c',
    'b',
    'a',
    'c',
    undefined,
  ]);
  expect(tabAfter(tabs, 'c', 'ArrowRight')).toBe('a');
});
