import { Command } from 'commander';
import { DEFAULT_ADDRESS } from '../client/protocol.ts';
import { runRecord } from '../recording/record.ts';
import { runReplay } from '../recording/replay.ts';
import { runSnapshot } from '../recording/snapshot.ts';
import { UsageError, applyConfig, configOption, duration, factor, gatewayOption, option, tokenFileOption } from './options.ts'; // prettier-ignore
import { version } from './version.ts';

interface RecordOptions {
  out?: string;
  for?: number;
  gateway: string;
  tokenFile?: string;
  force?: boolean;
}

export function recordCommand(exit: (code: number) => void): Command {
  return new Command('record')
    .summary('write the stream of a cluster to a file')
    .description('Writes every frame that an agent and its peers stream to a file, unchanged, until Ctrl-C or --for.')
    .addOption(option('--out <file>', 'file to write, as in incident.hoplens'))
    .addOption(option('--for <time>', 'how long, as in 30s or 5m').argParser(duration))
    .addOption(gatewayOption(DEFAULT_ADDRESS))
    .addOption(tokenFileOption())
    .addOption(option('--force', 'replace the file when it is there'))
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText('after', '\nExample:\n  hoplens record --out incident.hoplens --for 30s')
    .action(async (options: RecordOptions) => {
      if (options.out === undefined) throw new UsageError('record needs --out FILE');
      const { out, gateway, tokenFile, force } = options;
      exit(
        await runRecord({
          out,
          gateway,
          ...(tokenFile !== undefined && { tokenFile }),
          ...(force !== undefined && { force }),
          ...(options.for !== undefined && { forMs: options.for }),
        }),
      );
    });
}

interface SnapshotOptions {
  last?: number;
  gateway: string;
  tokenFile?: string;
  force?: boolean;
  pseudonymize?: boolean;
}

export function snapshotCommand(exit: (code: number) => void): Command {
  return new Command('snapshot')
    .summary('write what the agents remember to a file')
    .description(
      'Every agent keeps the last minutes of its stream (hoplens agent --history). Writes those of an agent and its peers to ' +
        'a file that hoplens replay and any page open.',
    )
    .argument('<file>', 'file to write, as in incident.hoplens')
    .addOption(option('--last <time>', 'how much, as in 30s or 5m; all that is held without it').argParser(duration))
    .addOption(gatewayOption(DEFAULT_ADDRESS))
    .addOption(tokenFileOption())
    .addOption(option('--pseudonymize', 'other addresses and names in place of the real ones, the same for the same'))
    .addOption(option('--force', 'replace the file when it is there'))
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText('after', '\nExample:\n  hoplens snapshot --last 5m incident.hoplens')
    .action(async (out: string, options: SnapshotOptions) => {
      const { last, gateway, tokenFile, force, pseudonymize } = options;
      exit(
        await runSnapshot({
          out, gateway,
          ...(last !== undefined && { lastMs: last }),
          ...(tokenFile !== undefined && { tokenFile }),
          ...(force !== undefined && { force }),
          ...(pseudonymize !== undefined && { pseudonymize }),
        }), // prettier-ignore
      );
    });
}

interface ReplayOptions {
  listen: string;
  tokenFile?: string;
  speed: number;
  loop?: boolean;
}

export function replayCommand(exit: (code: number) => void): Command {
  return new Command('replay')
    .summary('serve a recording as if its agents ran')
    .description(
      'Serves a file of hoplens record or snapshot at the pace it was recorded. Needs neither root nor eBPF.',
    )
    .argument('<file>', 'what hoplens record or snapshot wrote')
    .addOption(
      option('--listen <host:port>', 'where to serve; beyond loopback it wants a token').default(DEFAULT_ADDRESS),
    )
    .addOption(option('--speed <factor>', 'play faster or slower').default(1).argParser(factor))
    .addOption(option('--loop', 'start again at the end'))
    .addOption(tokenFileOption())
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText('after', '\nExample:\n  hoplens replay incident.hoplens & hoplens trace')
    .action(async (file: string, options: ReplayOptions) => {
      const { listen, tokenFile, speed, loop } = options;
      exit(
        await runReplay({
          file, listen, version, speed,
          ...(tokenFile !== undefined && { tokenFile }),
          ...(loop !== undefined && { loop }),
        }), // prettier-ignore
      );
    });
}
