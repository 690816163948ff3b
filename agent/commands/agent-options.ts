/** The options of `hoplens agent`, which `hoplens doctor` takes too: it says how an agent that is started with them would fare. */
import type { Command } from 'commander';
import { DEFAULT_ADDRESS } from '../client/protocol.ts';
import type { AgentOptions } from '../daemon/agent.ts';
import type { TestClock } from '../kernel/test-clock.ts';
import {
  applyConfig, bytes, collect, configOption, history, integer, option, ports, probe, sample, testClock, tokenFileOption,
} from './options.ts'; // prettier-ignore

export interface AgentCommandOptions {
  node?: string;
  listen: string;
  peer?: string[];
  tokenFile?: string;
  device?: string[];
  sample: 'auto' | number;
  budget: number;
  hooks: AgentOptions['hooks'];
  drops: 'on' | 'off';
  queues: 'on' | 'off';
  probe: 'off' | number;
  vxlanPort?: number[];
  maxDevices: number;
  history: number;
  historyBytes: number;
  names?: string;
  kubernetes: 'on' | 'off';
  peerPods: string;
  testClock?: TestClock;
}

/** As the daemon takes them. */
export function agentOptionsOf(options: AgentCommandOptions): Omit<AgentOptions, 'version' | 'say'> {
  return {
    ...(options.node !== undefined && { node: options.node }),
    ...(options.tokenFile !== undefined && { tokenFile: options.tokenFile }),
    listen: options.listen,
    peers: options.peer ?? [],
    devices: options.device ?? [],
    sample: options.sample,
    budget: options.budget,
    hooks: options.hooks,
    drops: options.drops === 'on',
    queues: options.queues === 'on',
    ...(options.probe !== 'off' && { probeMs: options.probe }),
    vxlanPorts: options.vxlanPort ?? [],
    maxDevices: options.maxDevices,
    history: { ms: options.history, bytes: options.historyBytes },
    ...(options.names !== undefined && { names: options.names }),
    ...(options.kubernetes === 'on' && { kubernetes: { peerPods: options.peerPods } }),
    ...(options.testClock && { testClock: options.testClock }),
  };
}

export function addAgentOptions(command: Command): Command {
  return command
    .addOption(option('--node <name>', 'name of this node; the host name by default'))
    .addOption(
      option('--listen <host:port>', 'where to serve; beyond loopback it wants a token').default(DEFAULT_ADDRESS),
    )
    .addOption(
      option('--peer <url...>', 'another agent, as ws://HOST:PORT; may be given several times').argParser(collect),
    )
    .addOption(tokenFileOption())
    .addOption(
      option(
        '--device <glob...>',
        "watch only devices of these names; by default all that carry pods' packets",
      ).argParser(collect),
    )
    .addOption(
      option(
        '--sample <auto|k>',
        'one record for every 2^k bytes of TCP; auto keeps the budget, 0 follows every packet',
      )
        .default('auto')
        .argParser(sample),
    )
    .addOption(
      option('--budget <records/s>', 'records that this node may make')
        .default(20_000)
        .argParser(integer(100, 10_000_000)),
    )
    .addOption(
      option(
        '--vxlan-port <port...>',
        "look into VXLAN on these UDP ports too, besides 8472, 4789, 6784 and the devices' own",
      ).argParser(ports),
    )
    .addOption(option('--hooks <kind>', 'how to attach').choices(['auto', 'tcx', 'clsact']).default('auto'))
    .addOption(
      option('--drops <on|off>', 'ask the kernel for each packet that it drops, where and why')
        .choices(['on', 'off'])
        .default('on'),
    )
    .addOption(
      option(
        '--queues <on|off>',
        "split wire at uplinks' drivers: the sender's queue, and what comes before tc at the receiver",
      )
        .choices(['on', 'off'])
        .default('off'),
    )
    .addOption(
      option(
        '--probe <off|time>',
        "keep clocks known without traffic: while somebody reads, ask peers' agents so often by UDP, and answer them " +
          "at --listen's address and port; wants --token-file, and --probe at both ends",
      )
        .default('off')
        .argParser(probe),
    )
    .addOption(
      option('--max-devices <number>', 'devices watched at once; each takes 256 bytes for every CPU')
        .default(2048)
        .argParser(integer(1, 32768)),
    )
    .addOption(
      option('--history <time>', 'keep the last minutes of the stream for newcomers and snapshots; 0 keeps nothing')
        .default(600_000, '10m')
        .argParser(history),
    )
    .addOption(
      option('--history-bytes <bytes>', 'memory for that: what does not fit goes, the oldest first')
        .default(32 << 20, '32m')
        .argParser(bytes),
    )
    .addOption(
      option('--names <file>', 'YAML or JSON that names addresses: pods, Services, nodes; read again when it changes'),
    )
    .addOption(
      option(
        '--kubernetes <on|off>',
        "name this node's pods, and while somebody reads the cluster its Services, and find the other agents; for agents that " +
          'run as pods, whose ServiceAccount may list and watch pods and services',
      )
        .choices(['on', 'off'])
        .default('off'),
    )
    .addOption(
      option(
        '--peer-pods <selector>',
        "with --kubernetes on: labels of the other agents' pods, in this one's namespace; they are read at the port of --listen",
      ).default('app.kubernetes.io/name=hoplens'),
    )
    .addOption(
      option(
        '--test-clock <spec>',
        'a wrong clock, to test with: offset=50ms,drift=30ppm,slew=500ppm@10s; everybody who reads is told',
      ).argParser(testClock),
    )
    .addOption(configOption())
    .hook('preAction', applyConfig);
}
