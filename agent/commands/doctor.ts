import { Command } from 'commander';
import { runDoctor } from '../doctor/run.ts';
import { report } from '../doctor/report.ts';
import { addAgentOptions, agentOptionsOf, type AgentCommandOptions } from './agent-options.ts';
import { option } from './options.ts';
import { watchStdout } from './stdout.ts';
import { version } from './version.ts';

type Options = AgentCommandOptions & { json?: boolean };

const WIDEST = 120;

const say = (line: string): void => void process.stderr.write(`hoplens doctor: ${line}\n`);

async function doctor({ json, ...options }: Options): Promise<number> {
  const stdout = watchStdout(say);
  const findings = await runDoctor({ ...agentOptionsOf(options), version });
  const columns = Math.min(process.stdout.columns || WIDEST, WIDEST);
  const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const lines = json ? [JSON.stringify(findings, null, 2)] : report(findings, { columns, isColoured });
  await new Promise((resolve) => process.stdout.write(`${lines.join('\n')}\n`, resolve));
  return stdout.exitCode() ?? (findings.checks.some((check) => check.state === 'problem') ? 1 : 0);
}

export function doctorCommand(exit: (code: number) => void): Command {
  return addAgentOptions(new Command('doctor'))
    .summary('whether this host can be watched, and how well')
    .description(
      'Looks at everything that an agent with the same options would need and see here: the kernel, the rights of this process, ' +
        'devices and who else has programs there, clocks, port and files. It loads the kernel programs as an agent does and lets them go; ' +
        'it attaches nothing to devices, changes nothing, and may run beside an agent.',
    )
    .addOption(option('--json', 'one JSON object, for other programs'))
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  hoplens doctor                                           this host, as hoplens agent would find it\n' +
        '  hoplens doctor --json | jq .checks                       {name, state, found, advice}, state one of ok, warning, problem\n' +
        '  kubectl -n hoplens exec ds/hoplens -- /usr/bin/node /opt/hoplens/.build/hoplens.mjs doctor --kubernetes on \\\n' +
        '    --listen 0.0.0.0:9430 --token-file /etc/hoplens/token  beside the agent of a DaemonSet\n' +
        '\nIt ends with 0 where there is no problem (warnings may be), 1 where there is one, 2 for wrong usage.',
    )
    .action(async (options: Options) => exit(await doctor(options)));
}
