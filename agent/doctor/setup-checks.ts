/** Whether an agent with these options could start here: what is built, its port, its token, its files, Kubernetes. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import manifest from '../../package.json' with { type: 'json' };
import { INFO_PATH, type Info } from '../client/protocol.ts';
import { advice } from '../daemon/advice.ts';
import type { AgentOptions } from '../daemon/agent.ts';
import { builtFile } from '../daemon/worker.ts';
import { findAccount } from '../kubernetes/account.ts';
import { createApi } from '../kubernetes/api.ts';
import { readNames } from '../names/file.ts';
import { readTokenFile } from '../server/auth.ts';
import { PAGE_FOLDER } from '../server/files.ts';
import { listen, parseListen, type Listen } from '../server/listen.ts';
import { counted } from '../trace/numbers.ts';
import { answerOf, isFound, ok, problem, warning, type Answer, type Check } from './check.ts';

/** Of an agent or an API server that is asked. */
const ASK_MS = 2000;

export function checkNode(version = process.versions.node): Check {
  const least = manifest.engines.node.replace('>=', '');
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  const isOld = have[0] < want[0] || (have[0] === want[0] && have[1] < want[1]);
  if (isOld) return problem('node', `Node ${version} is older than ${least}`, `install Node ${least} or newer`);
  return ok('node', `Node ${version}, ${process.arch}`);
}

export async function checkBuilt(): Promise<Check> {
  const found = await answerOf(() => ['libhoplens.so', 'worker.mjs', 'examine.mjs'].map(builtFile));
  if (!isFound(found)) return problem('built', found.error.message, advice['not-built']);
  if (existsSync(join(PAGE_FOLDER, 'index.html'))) return ok('built', 'library, worker and page');
  return warning('built', 'the page is missing', `${advice['not-built']}; all but the page works`);
}

export function checkLibrary(library: Answer<boolean>): Check {
  if (isFound(library)) return ok('library', `koffi ${manifest.dependencies.koffi} loads libhoplens.so`);
  const why = 'it wants glibc and the processor that it was built for; koffi comes with npm ci, optional packages too';
  return problem('library', library.error.message, advice[library.error.code] ?? why);
}

export const checkClaimed = (isClaimed: boolean): Check =>
  ok(
    'agent',
    isClaimed ? 'one runs in this network namespace; it was left alone' : 'none runs in this network namespace',
  );

type SetUp = Pick<AgentOptions, 'tokenFile' | 'listen' | 'names' | 'kubernetes' | 'probeMs'>;

export async function checkToken({ tokenFile, probeMs }: SetUp): Promise<Check> {
  if (tokenFile === undefined) {
    if (probeMs === undefined) return ok('token', 'none (--token-file): readers on loopback alone');
    return problem('token', '--probe answers agents with the same token only', 'give --token-file');
  }
  const read = await answerOf(() => readTokenFile(tokenFile));
  if (!isFound(read)) return problem('token', read.error.message, 'openssl rand -hex 24 makes one');
  if (read.value.warning) return warning('token', read.value.warning, `chmod 600 ${tokenFile}`);
  return ok('token', tokenFile);
}

/** Listens for a moment, unless an agent does: then it is asked who it is. */
export async function checkListen(options: SetUp, isClaimed: boolean): Promise<Check> {
  const where = options.listen as string;
  const at = await answerOf(() => parseListen(where));
  if (!isFound(at)) return problem('listen', at.error.message, '--listen HOST:PORT');
  const server = createServer();
  const bound = await answerOf(() => listen(server, at.value, options.tokenFile !== undefined));
  server.close();
  if (isFound(bound)) return ok('listen', `${where} is free`);
  if (bound.error.code !== 'port-taken') return problem('listen', bound.error.message, 'choose another --listen');
  const agent = await whoListens(at.value);
  if (agent === undefined)
    return problem('listen', bound.error.message, 'choose another --listen, or end that program');
  const found = `an agent of hoplens ${agent.hoplens} serves at ${where}`;
  return isClaimed ? ok('listen', found) : problem('listen', `${found}, in another network namespace or as a replay`, 'choose another --listen'); // prettier-ignore
}

async function whoListens(at: Listen): Promise<Info | undefined> {
  if ('fd' in at) return undefined;
  const host = at.host.replace(/^0\.0\.0\.0$/, '127.0.0.1').replace(/^::$/, '::1');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${at.port}${INFO_PATH}`;
  const answer = await answerOf(
    async () => (await (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).json()) as Partial<Info>,
  );
  return isFound(answer) && typeof answer.value.hoplens === 'string' ? (answer.value as Info) : undefined;
}

export async function checkNames({ names }: SetUp): Promise<Check> {
  if (names === undefined) return ok('names', 'no file (--names)');
  const read = await answerOf(() => readNames(names));
  if (!isFound(read)) return warning('names', read.error.message, 'an agent goes on without names until it is right');
  const { pods, services, nodes } = read.value.names;
  return ok('names', [counted(pods.length, 'pod'), counted(services.length, 'Service'), counted(nodes.length, 'node')].join(', ')); // prettier-ignore
}

/** Asks for one pod and one Service: whether it may is what matters. */
export async function checkKubernetes({ kubernetes }: SetUp): Promise<Check> {
  if (!kubernetes) return ok('kubernetes', 'not asked (--kubernetes off)');
  const account = await answerOf(() => findAccount());
  if (!isFound(account)) return problem('kubernetes', account.error.message, '--kubernetes off, or run it as a pod');
  const api = createApi(account.value, { beginMs: ASK_MS, wholeMs: ASK_MS });
  const never = new AbortController().signal;
  const asked = await answerOf(() => Promise.all(['pods', 'services'].map((what) => api.text(`/api/v1/${what}?limit=1`, never)))); // prettier-ignore
  if (isFound(asked)) return ok('kubernetes', `pods and services of ${account.value.host} may be listed`);
  return warning('kubernetes', asked.error.message, 'an agent measures all the same, and shows addresses');
}

export const nodeName = ({ node }: Pick<AgentOptions, 'node'>): string => node ?? hostname();
