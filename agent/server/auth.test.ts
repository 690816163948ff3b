import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isAuthorized, isLoopback, isLoopbackHost, isSameOrigin, readTokenFile, sameToken } from './auth.ts';
import { parseListen } from './listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-auth-'));
afterAll(() => rmSync(folder, { recursive: true }));

function tokenFile(content: string, mode: number): string {
  const path = join(folder, 'token');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('a token file', () => {
  it('gives its token without white space', () => {
    expect(readTokenFile(tokenFile(' sixteen-or-more-x\n', 0o600))).toEqual({ token: 'sixteen-or-more-x' });
  });

  it('that everybody may read is warned of', () => {
    expect(readTokenFile(tokenFile('sixteen-or-more-x', 0o644)).warning).toContain('everybody');
  });

  it.each(['', 'fifteen-chars-x', 'a b c d e f g h i j', 'x'.repeat(5000)])('with %j is refused', (content) => {
    expect(() => readTokenFile(tokenFile(content, 0o600))).toThrow(
      expect.objectContaining({ code: 'token-file' }) as Error,
    );
  });

  it('that is not there is named', () => {
    expect(() => readTokenFile(join(folder, 'none'))).toThrow('cannot read the token from');
  });
});

it('tokens are compared whole', () => {
  expect(sameToken('abc', 'abc')).toBe(true);
  expect(sameToken('abc', 'abcd')).toBe(false);
});

it('without a token on our side nobody is authorized where one is needed', () => {
  expect(isAuthorized({ authorization: 'Bearer x' }, undefined, true)).toBe(false);
  expect(isAuthorized({}, undefined, true)).toBe(false);
});

it.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example', false],
  ['localhost.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

it.each([
  [undefined, true],
  ['http://agent:9430', true],
  ['https://agent:9430', true],
  ['http://agent:9431', false],
  ['http://other:9430', false],
  ['null', false],
])('origin %s may read agent:9430: %s', (origin, expected) => {
  expect(isSameOrigin({ host: 'agent:9430', ...(origin !== undefined && { origin }) })).toBe(expected);
});

it.each([
  ['localhost:9430', true],
  ['127.0.0.1', true],
  ['[::1]:9430', true],
  ['rebound.example:9430', false],
  ['', false],
])('host %s is loopback: %s', (host, expected) => {
  expect(isLoopbackHost({ host })).toBe(expected);
});

it.each([
  ['127.0.0.1:9430', { host: '127.0.0.1', port: 9430 }],
  ['[::1]:0', { host: '::1', port: 0 }],
])('%s is where to listen', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

it.each(['9430', '127.0.0.1', '::1:9430', '127.0.0.1:65536', ':1', 'a:b'])('%s is not HOST:PORT', (text) => {
  expect(() => parseListen(text)).toThrow('is not HOST:PORT');
});
