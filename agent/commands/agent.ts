import { Command } from 'commander';
import { StreamError } from '../client/errors.ts';
import { advice } from '../daemon/advice.ts';
import { startAgent } from '../daemon/agent.ts';
import { AgentError } from '../daemon/worker.ts';
import { ServerError } from '../server/errors.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import { addAgentOptions, agentOptionsOf, type AgentCommandOptions } from './agent-options.ts';
import { version } from './version.ts';

const say = (line: string): void => void process.stderr.write(`hoplens agent: ${line}\n`);

const isUsage = (error: unknown): boolean =>
  (error instanceof StreamError && error.code === 'address') ||
  error instanceof KubernetesError ||
  (error instanceof ServerError && ['listen', 'token-required', 'token-file'].includes(error.code));

function report(error: unknown): number {
  const { message, code } = error as { message: string; code?: string };
  say(message);
  if (code !== undefined && advice[code]) say(advice[code]);
  return isUsage(error) ? 2 : 1;
}

async function run(options: AgentCommandOptions): Promise<number> {
  try {
    const agent = await startAgent({ ...agentOptionsOf(options), version, say });
    if (options.testClock) say(`its clock is wrong on purpose: ${options.testClock.text}`);
    say(`node ${agent.node}, ${agent.hooks} hooks, listening on ${agent.url}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void agent.stop());
    if (agent.readNames) process.on('SIGHUP', agent.readNames);
    const error = await agent.ended;
    return error instanceof AgentError ? report(error) : 0;
  } catch (error) {
    return report(error);
  }
}

export function agentCommand(exit: (code: number) => void): Command {
  return addAgentOptions(new Command('agent'))
    .summary('watch this node: load the kernel programs, stream what they see')
    .description(
      "Watches the node whose network namespace it runs in. It attaches small eBPF programs to pods' veths, bridges, " +
        'tunnels and uplinks, which never change a packet, and serves what they see as a stream over WebSocket. ' +
        'Any agent is a gateway too: name the others with --peer, and readers of this one see them all.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  hoplens agent                                            watch this host, serve on loopback\n' +
        '  hoplens agent --node n1 --listen 10.0.0.1:9430 --token-file /etc/hoplens/token \\\n' +
        '    --peer ws://10.0.0.2:9430                              one of two nodes\n' +
        '  hoplens agent --kubernetes on --node $(NODE) ...         as a pod: its peers and all names from Kubernetes\n' +
        '\nEvery option can come from HOPLENS_<NAME> (HOPLENS_TOKEN_FILE=...) or from the YAML file of --config.\n' +
        'It ends with 0 when told to stop, 1 when it fails, 2 for wrong usage.',
    )
    .action(async (options: AgentCommandOptions) => exit(await run(options)));
}
