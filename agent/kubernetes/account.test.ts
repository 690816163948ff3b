import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findAccount } from './account.ts';

const env = { KUBERNETES_SERVICE_HOST: 'fd00:10:96::1', KUBERNETES_SERVICE_PORT: '6443' };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'account-'));
  for (const [name, text] of Object.entries({ token: 'one\n', 'ca.crt': 'PEM', namespace: 'monitoring' }))
    writeFileSync(join(folder, name), text);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is what Kubernetes mounts into the pod, its token as it is by now', async () => {
  const account = findAccount(env, folder);
  expect(account).toMatchObject({ host: 'fd00:10:96::1', port: 6443, namespace: 'monitoring' });
  expect(await account.credentials()).toEqual({ token: 'one', authority: 'PEM' });
  writeFileSync(join(folder, 'token'), 'two');
  expect((await account.credentials()).token).toBe('two');
});

it('that went away is said', async () => {
  const account = findAccount(env, folder);
  rmSync(join(folder, 'token'));
  await expect(account.credentials()).rejects.toMatchObject({ code: 'unauthorized' });
});

it('is nowhere outside of a cluster, and where none is mounted', () => {
  expect(() => findAccount({}, folder)).toThrow('KUBERNETES_SERVICE_HOST is not set');
  expect(() => findAccount(env, join(folder, 'none'))).toThrow('automountServiceAccountToken must not be false');
});
