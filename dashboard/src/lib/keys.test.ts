import { expect, test } from 'vitest';
import { actionOf, keyList } from './keys.ts';

const key = (name: string, more = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });

test('keys do what the list says', () => {
  expect(actionOf(key('j'), 'page')).toEqual({ do: 'move', by: 1 });
  expect(actionOf(key('3'), 'page')).toEqual({ do: 'window', index: 2 });
  const named = keyList
    .flatMap(([keys]) => keys.split(' '))
    .map(
      (name) =>
        ({ '↑': 'ArrowUp', '↓': 'ArrowDown', '←': 'ArrowLeft', '→': 'ArrowRight', Esc: 'Escape', Space: ' ' })[name] ??
        name,
    );
  for (const name of named) expect([name, actionOf(key(name), 'page')]).not.toEqual([name, undefined]);
});

test('in a field keys are text, on a button Enter and Space are its own, and the browser keeps its shortcuts', () => {
  expect(actionOf(key('j'), 'field')).toBeUndefined();
  expect(actionOf(key('Escape'), 'field')).toEqual({ do: 'back' });
  expect(actionOf(key(' '), 'button')).toBeUndefined();
  expect(actionOf(key('j'), 'button')).toEqual({ do: 'move', by: 1 });
  expect(actionOf(key('s', { ctrlKey: true }), 'page')).toBeUndefined();
  expect(actionOf(key('toString'), 'page')).toBeUndefined();
});
