import { Command } from 'commander';
import { formats, type Format } from '../export/exporter.ts';
import { runExport } from '../export/run.ts';
import { UsageError, applyConfig, configOption, option } from './options.ts';
import { version } from './version.ts';

interface ExportOptions {
  format?: Format;
  out?: string;
  force?: boolean;
  partial?: boolean;
}

export function exportCommand(exit: (code: number) => void): Command {
  return new Command('export')
    .summary('a recording as pcapng, Perfetto trace, JSON or CSV')
    .description(
      'Joins the paths of a recording and writes them for other tools, to --out or the standard output:\n' +
        '  pcapng    for Wireshark: a device is an interface, a hop a packet with headers\n' +
        '  perfetto  for ui.perfetto.dev: a node is a process, a device a track\n' +
        '  json      as trace --json, without changes: one path a line, then a summary\n' +
        '  csv       one path a line, units in the headers',
    )
    .argument('<file>', 'what hoplens record or snapshot wrote')
    .argument('[filter...]', 'which paths: the words of hoplens trace; all without it')
    .addOption(option('--format <format>', 'the form of the file').choices(formats))
    .addOption(option('--out <file>', 'file to write'))
    .addOption(option('--force', 'replace the file when it is there'))
    .addOption(option('--partial', 'also paths whose beginning no agent saw'))
    .addOption(configOption())
    .hook('preAction', applyConfig)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  hoplens export incident.hoplens --format pcapng --out incident.pcapng\n' +
        '  hoplens export incident.hoplens --format csv verdict:dropped > lost.csv\n' +
        '\nPackets in pcapng have the headers that were recorded and no payload; lengths, addresses, ports and sequence numbers are\n' +
        'theirs; MAC addresses, acknowledgements and transport checksums are zero, windows the largest. Times of all nodes are on the\n' +
        'wall clock of the first by name.',
    )
    .action(async (file: string, words: string[], options: ExportOptions) => {
      const { format, ...rest } = options;
      if (format === undefined) throw new UsageError(`export needs --format, one of ${formats.join(', ')}`);
      const say = (line: string): void => void process.stderr.write(`hoplens export: ${line}\n`);
      exit(await runExport({ file, format, ...rest, filter: words.join(' '), version, output: process.stdout, say }));
    });
}
