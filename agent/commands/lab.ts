/** `hoplens lab`: the tools stand in test/ and are loaded when asked for; an image does not have them. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { UsageError } from './options.ts';

type LabTools = typeof import('../../test/lab/cli.ts');

/** A name that is none is wrong usage. What is thrown comes from another bundle, so its code tells it. */
async function using(act: (tools: LabTools) => Promise<unknown>): Promise<void> {
  try {
    await act(await loadTools());
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    throw code === 'unknown' || code === 'invalid' ? new UsageError(message) : error;
  }
}

async function loadTools(): Promise<LabTools> {
  const file = import.meta.url.endsWith('.ts') ? '../../test/lab/cli.ts' : './lab.mjs';
  const url = new URL(file, import.meta.url);
  if (!existsSync(fileURLToPath(url)))
    throw new UsageError('the lab needs a checkout of hoplens with npm run build done');
  return (await import(url.href)) as LabTools;
}

export function labCommand(exit: (code: number) => void): Command {
  const lab = new Command('lab')
    .enablePositionalOptions()
    .summary('nodes and pods as network namespaces, to try things on')
    .description(
      'Makes small clusters of network namespaces on this machine: nodes joined by a link, pods behind veth pairs, a real ' +
        'VXLAN or real routes between them. Needs root. What it makes it removes, and nothing else.',
    );
  lab
    .command('up')
    .summary('make a lab that stands until it is taken down')
    .argument('<topology>', 'one of those that hoplens lab list names')
    .action((topology: string) => using((tools) => tools.labUp(topology)));
  lab
    .command('list')
    .summary('labs that stand, and topologies there are')
    .action(() => using((tools) => tools.labList()));
  lab
    .command('exec')
    .summary('run a command on a node or in a pod')
    .argument('<lab>')
    .argument('<node>', 'a node or a pod')
    .argument('<command...>')
    .passThroughOptions()
    .action((id: string, where: string, argv: string[]) =>
      using(async (tools) => exit(await tools.labExec(id, where, argv))),
    );
  lab
    .command('down')
    .summary('remove a lab')
    .argument('<lab>', 'its name, or all')
    .action((id: string) => using((tools) => tools.labDown(id)));
  return lab;
}
