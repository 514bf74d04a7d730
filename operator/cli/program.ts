// The command line as a whole: global options, commands, and how usage errors end.
import { Command, CommanderError } from 'commander';
import { exitCode, Failure, type ExitCode } from './exit';
import { addExplain } from './explain';
import { addStatus } from './status';
import type { Surroundings } from './surroundings';

const codes = `
Exit codes:
  ${exitCode.fine}  what was asked is so: the resource is ready, or the namespace is accelerated
  ${exitCode.error}  it could not be found out
  ${exitCode.usage}  the command line is wrong
  ${exitCode.notReady}  the resource is not ready, or the namespace is not accelerated`;

export function programOf(world: Surroundings): Command {
  const program = new Command('accelctl')
    .description('shows what sidecar-acceleration does in a cluster')
    .option('--kubeconfig <file>', 'kubeconfig to use; KUBECONFIG or ~/.kube/config by default')
    .option('--context <name>', 'context of the kubeconfig; its current one by default')
    .addHelpText('after', codes)
    .exitOverride();
  addStatus(program, world);
  addExplain(program, world);
  return program;
}

/**
 * Runs one command line.
 * @param words the command line without the program's name
 * @param complain receives an error in one line
 * @returns the exit code
 */
export async function runProgram(words: readonly string[], world: Omit<Surroundings, 'end'>, complain: (line: string) => void): Promise<ExitCode> {
  let code: ExitCode = exitCode.fine;
  const program = programOf({ ...world, end: (next) => (code = next) });
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong already, and ends --help the same way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.fine : exitCode.usage;
    complain(`accelctl: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof Failure ? error.code : exitCode.error;
  }
}
