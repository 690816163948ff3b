import { describe, expect, it } from 'vitest';
import { formatSpan, parseSpan } from './span.ts';

const parse = (query: string) => parseSpan(new URLSearchParams(query), 1_700_000_000_000);

describe('a span', () => {
  it.each([
    ['', { fromAgeMs: Infinity, toAgeMs: 0 }],
    ['from=-5m', { fromAgeMs: 300_000, toAgeMs: 0 }],
    ['from=-90s&to=-1500ms&bytes=100', { fromAgeMs: 90_000, toAgeMs: 1500, bytes: 100 }],
    ['from=1699999990&to=1699999995.5', { fromAgeMs: 10_000, toAgeMs: 4500 }],
    ['from=-10s&to=1700000099', { fromAgeMs: 10_000, toAgeMs: 0 }],
  ])('%s', (query, span) => {
    expect(parse(query)).toMatchObject(span);
    expect(parse(new URLSearchParams(formatSpan(span)).toString())).toMatchObject(span);
  });

  it.each(['from=soon', 'from=-5x', 'from=-1s&to=-2s', 'from=-1s&to=-1s', 'bytes=-1', 'bytes=many'])(
    'not %s',
    (query) => expect(parse(query)).toEqual(expect.any(String)),
  );
});
