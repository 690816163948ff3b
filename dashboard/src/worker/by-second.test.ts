import { expect, test } from 'vitest';
import { createBySecond } from './by-second.ts';

test('a second has what stood at its end, as long as it is held', () => {
  const seconds = createBySecond<string>(10);
  expect([seconds.at(5), seconds.first()]).toEqual([undefined, undefined]);
  seconds.note(10, 'a');
  seconds.note(12, 'b');
  expect([9, 10, 11, 12, 99].map((second) => seconds.at(second))).toEqual([undefined, 'a', 'a', 'b', 'b']);
  seconds.note(21, 'c');
  expect([seconds.at(11), seconds.at(20), seconds.first()]).toEqual([undefined, 'b', 'b']);
});
