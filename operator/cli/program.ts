// The command line as a whole: global options, commands, and how usage errors end.
import { Command, CommanderError } from 'commander';
import { oneLine } from '../api';
import { addBench } from './bench';
import { cleaned } from './clean';
import { addCompletion, asksForCompletion, completionOf } from './completion';
import { addConsole } from './console';
import { addDoctor } from './doctor';
import { addDrain } from './drain';
import { exitCode, Failure, type ExitCode } from './exit';
import { addExplain } from './explain';
import { addConnections, addTap, addTop } from './live';
import { addReport } from './report';
import { addStatus } from './status';
import type { Surroundings } from './surroundings';
import { addSwitches } from './switch';

const codes = `
Exit codes:
  ${exitCode.fine}  what was asked is so
  ${exitCode.error}  it could not be found out or done; one line on standard error says why, and what to do next
  ${exitCode.usage}  the command line is wrong
  ${exitCode.notReady}  the answer is no: not ready, not accelerated, a check that failed, or not reached in time`;

/** What the program is called, and which it is. */
export interface Identity {
  /** `accelctl`, or `kubectl accel` as a plugin. */
  readonly name: string;
  readonly version: string;
}

export function programOf({ name, version }: Identity, world: Surroundings): Command {
  const program = new Command(name)
    .description('shows and steers what sidecar-acceleration does in a cluster')
    .version(version, '--version', 'print the version')
    .option('--kubeconfig <file>', 'kubeconfig to use; KUBECONFIG or ~/.kube/config by default')
    .option('--context <name>', 'context of the kubeconfig; its current one by default')
    .addHelpText('after', codes)
    // Inherited by the commands, which are made after this.
    .exitOverride();
  for (const add of [addStatus, addExplain, addTop, addConnections, addTap, addDoctor, addSwitches, addDrain, addBench, addConsole, addReport, addCompletion]) add(program, world);
  return program;
}

/**
 * Runs one command line.
 * @param words the command line without the program's name
 * @param complain receives an error in one line
 * @returns the exit code
 */
export async function runProgram(identity: Identity, words: readonly string[], world: Omit<Surroundings, 'end'>, complain: (line: string) => void): Promise<ExitCode> {
  let code: ExitCode = exitCode.fine;
  const clean = cleaned(world);
  const program = programOf(identity, { ...clean, end: (next) => (code = next) });
  try {
    if (words[0] === asksForCompletion) clean.print(await completionOf(program, words.slice(1), clean));
    else await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong already, and ends --help the same way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.fine : exitCode.usage;
    complain(oneLine(`${identity.name}: ${error instanceof Error ? error.message : String(error)}`));
    return error instanceof Failure ? error.code : exitCode.error;
  }
}
