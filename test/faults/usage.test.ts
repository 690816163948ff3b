/** The command line as a user meets it: wrong usage, help, where options come from. Needs neither root nor eBPF. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { helloFrame } from '../../agent/server/testing.ts';
import { RECORDING } from '../fixtures/recording.ts';
import { hoplens, servedAt, startHoplens } from './tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'hoplens-usage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

const recording = file('recording', helloFrame(1, 'n1'));
const shortToken = file('short', 'tooshort');
/** Tests may run in a pod, where an agent would find Kubernetes. */
const inNoPod = ['env', '-u', 'KUBERNETES_SERVICE_HOST'];
const withVariables = (variables: Record<string, string>): string[] => [
  'env',
  ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
];

describe('wrong usage ends with 2, a message on stderr, and nothing on stdout', () => {
  const wrong: [args: string, says: RegExp][] = [
    ['', /Usage: hoplens/],
    ['bogus', /unknown command 'bogus'/],
    ['--bogus', /unknown option '--bogus'/],
    ['agent --bogus', /unknown option '--bogus'/],
    ['agent extra', /too many arguments for 'agent'/],
    ['agent --sample 99', /--sample.*'99' is invalid. It is a whole number from 0 to 31/],
    ['agent --budget many', /--budget.*'many' is invalid/],
    ['agent --hooks xdp', /--hooks.*Allowed choices are auto, tcx, clsact/],
    ['agent --vxlan-port 99999', /65535/],
    ['agent --history forever', /--history.*'forever' is invalid. It is a number with ms, s, m or h/],
    ['agent --history 25h', /--history.*'25h' is invalid. It is at most 24h/],
    ['agent --history-bytes 10', /--history-bytes.*'10' is invalid. It is a number of bytes with k, m or g, from 1m/],
    ['agent --listen nope', /nope is not HOST:PORT/],
    ['agent --listen 0.0.0.0:0', /refusing to listen on 0.0.0.0:0 without a token: give --token-file/],
    ['agent --peer ftp://there', /ftp:\/\/there is not a ws:\/\/ or wss:\/\/ address/],
    ['agent --peer ws://user:secret@there', /a token comes from --token-file/],
    ['agent --token-file /no/such/file', /cannot read the token from \/no\/such\/file/],
    [`agent --token-file ${shortToken}`, /has 8 characters, it needs 16/],
    ['agent --kubernetes true', /--kubernetes.*Allowed choices are on, off/],
    ['agent --kubernetes on', /this is no pod of a Kubernetes cluster \(KUBERNETES_SERVICE_HOST is not set\)/],
    ['doctor --bogus', /unknown option '--bogus'/],
    ['doctor extra', /too many arguments for 'doctor'/],
    ['doctor --sample 99', /--sample.*'99' is invalid. It is a whole number from 0 to 31/],
    ['trace --for soon', /--for.*'soon' is invalid. It is a number with ms, s, m or h/],
    ['trace --count 0', /--count.*'0' is invalid/],
    ['trace --slow 5', /--slow.*'5' is invalid. It is p99, or a time with ns, us, ms or s/],
    ['trace --since 25h', /--since.*'25h' is invalid. It is at most 24h/],
    ['trace --one --count 3', /'--one' cannot be used with option '--count/],
    ['trace --gateway ://', /is not an address/],
    ['trace --token-file /no/such/file', /cannot read the token/],
    ['trace tcp and', /the filter ends where a word should stand/],
    ['record', /record needs --out FILE/],
    ['record --out', /argument missing/],
    [`record --out ${folder} --for 5m`, /exists already; --force replaces it/],
    ['record --out x --gateway ://', /is not an address/],
    ['snapshot', /missing required argument 'file'/],
    ['snapshot x --last soon', /--last.*'soon' is invalid/],
    ['replay', /missing required argument 'file'/],
    ['replay x --speed fast', /--speed.*'fast' is invalid. It is a number above 0/],
    ['replay a b', /too many arguments for 'replay'/],
    ['export', /missing required argument 'file'/],
    ['export x', /export needs --format/],
    ['export x --format bogus', /Allowed choices are/],
    ['lab', /Usage: hoplens lab/],
    ['lab bogus', /unknown command 'bogus'/],
    ['lab up', /missing required argument 'topology'/],
    ['lab list extra', /too many arguments for 'list'/],
    ['lab exec a', /missing required argument 'node'/],
    ['lab down', /missing required argument 'lab'/],
  ];
  it.concurrent.each(wrong)('hoplens %s', async (args, says) => {
    const result = await hoplens(
      args.split(' ').filter((word) => word !== ''),
      inNoPod,
    );
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(result.stderr).not.toMatch(/\bat .*\.(ts|mjs):\d+/); // no stack
  });

  it.concurrent('does not print a password that stood in an address', async () => {
    const { stderr } = await hoplens(['agent', '--peer', 'ws://user:secret@there']);
    expect(stderr).not.toContain('secret');
  });
});

describe('help ends with 0 and stands on stdout', () => {
  const commands = [
    '',
    'agent',
    'trace',
    'record',
    'snapshot',
    'replay',
    'export',
    'doctor',
    'lab',
    'lab up',
    'lab list',
    'lab exec',
    'lab down',
  ];
  it.concurrent.each(commands)('hoplens %s --help', async (command) => {
    const result = await hoplens([...command.split(' ').filter((word) => word !== ''), '--help']);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toContain(`Usage: hoplens ${command}`);
  });

  it.concurrent('hoplens --version', async () => {
    expect(await hoplens(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    });
  });
});

describe('what fails ends with 1 and says why', () => {
  it.concurrent('a gateway that is not there', async () => {
    const result = await hoplens(['trace', '--gateway', '127.0.0.1:1', '--for', '1s']);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain('nobody listens at ws://127.0.0.1:1/v1/stream');
    expect(result.stderr).toContain('is the agent running?');
  });

  it.concurrent('standard output that breaks: a reader that goes away is no failure, a full disk is one', async () => {
    const replay = startHoplens(['replay', RECORDING, '--listen', '127.0.0.1:0']);
    try {
      const traceInto = async (into: string) =>
        hoplens(
          ['trace', '--json', '--gateway', await servedAt(replay)],
          ['bash', '-c', `set -o pipefail; "$@" ${into}`, 'bash'],
        );
      const [left, full] = await Promise.all([traceInto('| head -1'), traceInto('> /dev/full')]);
      expect(left).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^{"type":.*}\n$/) as string });
      expect(full).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^hoplens trace: cannot write any further: .*ENOSPC/) as string,
      });
    } finally {
      await replay.end();
    }
  });

  it.concurrent.each([['agent'], ['replay']])('%s on a port that is taken', async (command) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const words = command === 'replay' ? [command, recording] : [command];
      const result = await hoplens([...words, '--listen', address]);
      expect(result).toMatchObject({ status: 1, stdout: '' });
      expect(result.stderr).toContain(
        `cannot listen on ${address}: another program does; choose another with --listen`,
      );
    } finally {
      server.close();
    }
  });

  it.concurrent.each([
    { name: 'no file', path: '/no/such/file', says: /there is no such file/ },
    { name: 'no recording', path: file('text', 'these are words, not frames\n'.repeat(10)), says: /./ },
    { name: 'an empty file', path: file('empty', ''), says: /./ },
  ])('replay of $name', async ({ path, says }) => {
    const result = await hoplens(['replay', path, '--listen', '127.0.0.1:0']);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toMatch(/^hoplens replay: /);
    expect(result.stderr).toMatch(says);
  });
});

/* Which gateway a command would have read from shows in its complaint: nobody listens on these ports. */
describe('options come from the command line, else from the environment, else from the file', () => {
  const config = file('gateway.yaml', 'gateway: 127.0.0.1:1\nfor: 1s\n');
  const asked = async (args: string[], variables: Record<string, string> = {}): Promise<string | undefined> => {
    const { stderr } = await hoplens(['trace', ...args], withVariables(variables));
    return /nobody listens at ws:\/\/127.0.0.1:(\d+)/.exec(stderr)?.[1];
  };

  it.concurrent('the file alone', async () => expect(await asked(['--config', config])).toBe('1'));
  it.concurrent('the file, named by a variable', async () =>
    expect(await asked([], { HOPLENS_CONFIG: config })).toBe('1'),
  );
  it.concurrent('a variable before the file', async () =>
    expect(await asked(['--config', config], { HOPLENS_GATEWAY: '127.0.0.1:2' })).toBe('2'),
  );
  it.concurrent('the command line before both', async () =>
    expect(await asked(['--config', config, '--gateway', '127.0.0.1:3'], { HOPLENS_GATEWAY: '127.0.0.1:2' })).toBe('3'),
  );

  const wrong: [what: string, args: string[], variables: Record<string, string>, says: RegExp][] = [
    ['an unknown option in the file', ['trace', '--config', file('unknown.yaml', 'gatway: x\n')], {}, /unknown.yaml: hoplens trace has no option gatway/],
    ["another command's option in the file", ['trace', '--config', file('other.yaml', 'budget: 5\n')], {}, /hoplens trace has no option budget/],
    ['a wrong value in the file', ['trace', '--config', file('value.yaml', 'for: soon\n')], {}, /value.yaml: for cannot be soon: It is a number with/],
    ['a wrong choice in the file', ['agent', '--config', file('choice.yaml', 'hooks: xdp\n')], {}, /hooks is one of auto, tcx, clsact/],
    ['a switch that is no switch', ['trace', '--config', file('switch.yaml', 'json: 7\n')], {}, /json is true or false/],
    ['a file that is a list', ['trace', '--config', file('list.yaml', '- gateway\n')], {}, /list.yaml is not a map of options/],
    ['a file that is no YAML', ['trace', '--config', file('bad.yaml', 'a: [1\n')], {}, /cannot read the configuration/],
    ['no file', ['trace', '--config', '/no/such.yaml'], {}, /cannot read the configuration \/no\/such.yaml/],
    ['a wrong value in a variable', ['trace'], { HOPLENS_FOR: 'soon' }, /'soon' from env 'HOPLENS_FOR' is invalid/],
    ['a list in the file', ['agent', '--config', file('peers.yaml', 'listen: 127.0.0.1:0\npeer:\n  - ws://127.0.0.1:1\n  - ftp://b\n')], {}, /ftp:\/\/b is not a ws/],
    ['a list in a variable', ['agent', '--listen', '127.0.0.1:0'], { HOPLENS_PEER: 'ws://127.0.0.1:1, ftp://c' }, /ftp:\/\/c is not a ws/],
  ]; // prettier-ignore
  it.concurrent.each(wrong)('%s is wrong usage', async (_, args, variables, says) => {
    const result = await hoplens(args, withVariables(variables));
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(says);
  });

  it.concurrent('a switch is off where its variable says false', async () => {
    const text = file('played', '');
    const on = await hoplens(['record', '--out', text, '--gateway', '127.0.0.1:1'], withVariables({ HOPLENS_FORCE: 'false' })); // prettier-ignore
    expect(on.status).toBe(2); // it exists
    const off = await hoplens(['record', '--out', text, '--gateway', '127.0.0.1:1'], withVariables({ HOPLENS_FORCE: 'true' })); // prettier-ignore
    expect(off.status).toBe(1); // nobody listens
  });
});
