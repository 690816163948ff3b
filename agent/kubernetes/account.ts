/** Who this agent is to the API server: the ServiceAccount that Kubernetes mounts into its pod. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubernetesError } from './errors.ts';

export interface Account {
  host: string;
  port: number;
  /** Of this agent's own pod. */
  namespace: string;
  /** As they are now: a token lives for an hour, and the kubelet writes the next one in its place. */
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  token: string;
  /** PEM. */
  authority: string;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws KubernetesError 'not-in-cluster' */
export function findAccount(env: NodeJS.ProcessEnv = process.env, folder = FOLDER): Account {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host) {
    throw new KubernetesError(
      'not-in-cluster',
      'this is no pod of a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set): --kubernetes on is for agents that are',
    );
  }
  return {
    host,
    port: Number(port),
    namespace: readNamespace(folder),
    async credentials() {
      const [token, authority] = await Promise.all(['token', 'ca.crt'].map((name) => readPart(join(folder, name))));
      return { token: token.trim(), authority };
    },
  };
}

function readNamespace(folder: string): string {
  try {
    return readFileSync(join(folder, 'namespace'), 'utf8').trim();
  } catch (error) {
    throw new KubernetesError(
      'not-in-cluster',
      `no ServiceAccount is mounted (${(error as Error).message}): automountServiceAccountToken must not be false`,
    );
  }
}

async function readPart(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KubernetesError('unauthorized', `the ServiceAccount cannot be read: ${(error as Error).message}`);
  }
}
