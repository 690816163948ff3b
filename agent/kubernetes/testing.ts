/** An API server for tests: real HTTPS, lists and watches of objects that a test puts and removes, and whatever goes wrong. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findAccount, type Account } from './account.ts';

/** Key and certificate of 127.0.0.1, for tests and nothing else. */
const PEM = readFileSync(fileURLToPath(new URL('../../test/fixtures/api-server.pem', import.meta.url)), 'utf8');

export interface KubeObject {
  metadata: { name: string; namespace: string; resourceVersion?: string };
}

export interface TestApiServer {
  account: Account;
  /** Paths with queries, as they were asked for. */
  asked: string[];
  /** Adds or replaces an object of a path, as `/api/v1/pods`. */
  put(path: string, object: KubeObject): void;
  remove(path: string, name: string, namespace?: string): void;
  /** Writes bytes to all watches of a path, as they are. */
  write(path: string, bytes: string | Uint8Array): void;
  bookmark(path: string): void;
  /** Forgets what happened until now: watches from there on are told 410. */
  compact(): void;
  /** Breaks all watches' connections, or ends them as a server does. */
  drop(how?: 'broken' | 'ended'): void;
  /** What to answer instead; undefined: nothing. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** How many objects a page has at most. */
  pageObjects: number;
  watches(): number;
  rotateToken(): void;
  stop(): Promise<void>;
}

interface Change {
  version: number;
  path: string;
  event: string;
}

export async function startApiServer(): Promise<TestApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'hoplens-account-'));
  let token = 'token-1';
  let version = 10;
  let compacted = 0;
  const objects = new Map<string, Map<string, KubeObject>>();
  const changes: Change[] = [];
  const watches = new Map<ServerResponse, string>();
  const writeAccount = (): void => {
    writeFileSync(join(folder, 'token'), `${token}\n`);
    writeFileSync(join(folder, 'ca.crt'), PEM.slice(PEM.indexOf('-----BEGIN CERTIFICATE-----')));
    writeFileSync(join(folder, 'namespace'), 'monitoring');
  };
  writeAccount();

  const server = createServer({ key: PEM, cert: PEM }, (request, response) => {
    const url = new URL(request.url!, 'https://server');
    self.asked.push(request.url!);
    if (self.instead?.(request, response)) return;
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(response, 401, 'Unauthorized');
    if (url.searchParams.has('watch')) watch(url, response);
    else list(url, response);
  });

  function refuse(response: ServerResponse, code: number, message: string): void {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', code, message }));
  }

  function list(url: URL, response: ServerResponse): void {
    const all = [...(objects.get(url.pathname)?.values() ?? [])];
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = url.searchParams.has('limit') ? from + self.pageObjects : all.length;
    const metadata = { resourceVersion: String(version), ...(to < all.length && { continue: String(to) }) };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(from, to) }));
  }

  function watch(url: URL, response: ServerResponse): void {
    const since = Number(url.searchParams.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (since < compacted) {
      const object = { kind: 'Status', code: 410, message: 'too old resource version' };
      return void response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    for (const change of changes)
      if (change.path === url.pathname && change.version > since) response.write(change.event);
    watches.set(response, url.pathname);
    response.on('close', () => watches.delete(response));
  }

  function change(path: string, type: string, object: KubeObject): void {
    const told = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
    const event = `${JSON.stringify({ type, object: told })}\n`;
    changes.push({ version, path, event });
    self.write(path, event);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: TestApiServer = {
    account: findAccount({ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) }, folder),
    asked: [],
    instead: undefined,
    pageObjects: 2,
    put(path, object) {
      const all = objects.get(path) ?? new Map<string, KubeObject>();
      objects.set(path, all);
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      const type = all.has(key) ? 'MODIFIED' : 'ADDED';
      all.set(key, object);
      change(path, type, object);
    },
    remove(path, name, namespace = 'shop') {
      const key = `${namespace}/${name}`;
      const object = objects.get(path)!.get(key)!;
      objects.get(path)!.delete(key);
      change(path, 'DELETED', object);
    },
    write(path, bytes) {
      for (const [response, watched] of watches) if (watched === path) response.write(bytes);
    },
    bookmark(path) {
      const object = { kind: 'Pod', metadata: { resourceVersion: String(++version) } };
      self.write(path, `${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    },
    compact: () => void (compacted = ++version),
    drop(how = 'broken') {
      for (const response of watches.keys()) {
        if (how === 'ended') response.end();
        else response.destroy();
      }
      watches.clear();
    },
    watches: () => watches.size,
    rotateToken() {
      token = `token-${version++}`;
      writeAccount();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
  return self;
}

/** A pod as the API server has it, with what matters and some of what does not. */
export function podObject(name: string, ip: string, more: { namespace?: string; node?: string; hostNetwork?: boolean; labels?: Record<string, string>; owner?: { kind: string; name: string }; phase?: string } = {}) {
  const { namespace = 'shop', node = 'n1', hostNetwork, labels = {}, owner, phase = 'Running' } = more;
  return {
    kind: 'Pod',
    metadata: {
      name, namespace, uid: `uid-${name}`, labels, managedFields: [{ manager: 'kubelet' }],
      ...(owner && { ownerReferences: [{ apiVersion: 'apps/v1', ...owner, uid: 'u', controller: true, blockOwnerDeletion: true }] }),
    },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'main' }], ...(hostNetwork && { hostNetwork }) },
    status: { phase, hostIP: '192.168.1.10', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
} // prettier-ignore
