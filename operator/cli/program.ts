// The whole command line: global options, commands and exit codes.
import { Command, CommanderError } from 'commander';
import { oneLine, shortened } from '../api';
import { errorMessage } from '../base';
import { addBench } from './bench';
import { cleaned } from './clean';
import { addCompletion, completionWord, completionOf } from './completion';
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
  ${exitCode.success}  success: the command has done its work, or the requested state holds
  ${exitCode.error}  error: the command could not do its work; one line on standard error says why and what to do next
  ${exitCode.usage}  the command line is wrong
  ${exitCode.notReady}  negative result: not ready, not accelerated, a failed check, or a state that was not reached in time`;

/** The program's name and version. */
export interface Identity {
  /** `accelctl`, or `kubectl accel` as a plugin. */
  readonly name: string;
  readonly version: string;
}

export function programOf({ name, version }: Identity, world: Surroundings): Command {
  const program = new Command(name)
    .description('shows and controls what sidecar-acceleration does in a cluster')
    .version(version, '--version', 'print the version')
    .option('--kubeconfig <file>', 'kubeconfig to use; KUBECONFIG or ~/.kube/config by default')
    .option('--context <name>', 'context of the kubeconfig; its current one by default')
    .addHelpText('after', codes)
    // Commands that are added after this inherit both. Commander prints usage errors itself, with the words of the command line in them.
    .configureOutput({ outputError: (text, write) => write(`${errorLineOf(text)}\n`) })
    .exitOverride();
  for (const add of [
    addStatus,
    addExplain,
    addTop,
    addConnections,
    addTap,
    addDoctor,
    addSwitches,
    addDrain,
    addBench,
    addConsole,
    addReport,
    addCompletion,
  ])
    add(program, world);
  return program;
}

/** Longest error, in UTF-16 code units: it may quote names from the cluster and words of the command line. */
const longestError = 2_000;

/** One line that is safe to print. Commander's proposal, which it puts into a second line, stays readable. */
function errorLineOf(text: string): string {
  return shortened(oneLine(text.trimEnd().replace(/\n(?=\(Did you mean [^\n]*\)$)/, ' ')), longestError);
}

/**
 * Runs one command line.
 * @param words the command line without the program's name
 * @param complain prints an error, which is one line, on standard error
 * @returns the exit code
 */
export async function runProgram(
  identity: Identity,
  words: readonly string[],
  world: Omit<Surroundings, 'end'>,
  complain: (line: string) => void,
): Promise<ExitCode> {
  let code: ExitCode = exitCode.success;
  const clean = cleaned(world);
  const program = programOf(identity, { ...clean, end: (next) => (code = next) });
  try {
    if (words[0] === completionWord) clean.print(await completionOf(program, words.slice(1), clean));
    else await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed the error already. It throws for --help and --version too, with the exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.success : exitCode.usage;
    complain(errorLineOf(`${identity.name}: ${errorMessage(error)}`));
    return error instanceof Failure ? error.code : exitCode.error;
  }
}
