/** The command `hoplens`. Results go to stdout, diagnostics to stderr; 0 done, 1 found or failed, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { agentCommand } from './commands/agent.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { labCommand } from './commands/lab.ts';
import { UsageError } from './commands/options.ts';
import { recordCommand, replayCommand, snapshotCommand } from './commands/record.ts';
import { traceCommand } from './commands/trace.ts';
import { version } from './commands/version.ts';

const exit = (code: number): void => void (process.exitCode = code);

const program = new Command('hoplens')
  .description(
    'Follows real packets from pod to pod across Kubernetes nodes, hop by hop: latency, encapsulation, loss.',
  )
  .version(version)
  .enablePositionalOptions()
  .addCommand(agentCommand(exit))
  .addCommand(traceCommand(exit))
  .addCommand(recordCommand(exit))
  .addCommand(snapshotCommand(exit))
  .addCommand(replayCommand(exit))
  .addCommand(exportCommand(exit))
  .addCommand(doctorCommand(exit))
  .addCommand(labCommand(exit))
  .addHelpText(
    'after',
    '\nhoplens COMMAND --help says more. Begin with npm run demo in a checkout, or hoplens doctor, agent and trace.',
  );

/** Commander ends wrong usage with 1; ours is 2. */
function exitOverride(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitOverride(child);
}

exitOverride(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) exit(error.exitCode === 0 ? 0 : 2);
  else {
    process.stderr.write(`hoplens: ${(error as Error).message}\n`);
    exit(error instanceof UsageError ? 2 : 1);
  }
}
