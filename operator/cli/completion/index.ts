// accelctl completion: lets a shell complete commands, options, and the names of namespaces and contexts. kubectl completes its plugin the same way.
import { Argument, type Command } from 'commander';
import { kubeconfigOf, type ClusterOptions } from '../kubeconfig';
import type { Surroundings } from '../surroundings';
import { candidates, type NameKind } from './candidates';
import { scripts, shells, type Shell } from './scripts';

/** Cobra's directive ShellCompDirectiveNoFileComp, which kubectl reads: do not complete file names. */
const noFiles = ':4';

const loading = `
Load the script in the running shell, or put the line into the shell's start-up file:
  $ source <(accelctl completion bash)
  $ source <(accelctl completion zsh)
  $ accelctl completion fish | source

kubectl completes its plugin \`kubectl accel\` when a program kubectl_complete-accel is on the PATH:
  #!/bin/sh
  exec kubectl-accel __complete "$@"`;

export function addCompletion(program: Command, world: Surroundings): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', loading)
    .action((shell: Shell) => world.print(scripts[shell]));
}

/** The first word of a completion request, as in Cobra. It is not a commander command: commander would parse the words after it as options. */
export const completionWord = '__complete';

/** The answer to a completion request, in Cobra's format. @param words the words after `completionWord`; the last one is incomplete */
export async function completionOf(program: Command, words: readonly string[], world: Pick<Surroundings, 'cluster'>): Promise<string> {
  const found = await candidates(program, words, (kind) => namesOf(kind, words, world));
  return [...found.map(({ word, description }) => (description === '' ? word : `${word}\t${description}`)), noFiles].join('\n');
}

/** Empty when the names cannot be read: the Tab key gives no error. */
async function namesOf(kind: NameKind, words: readonly string[], world: Pick<Surroundings, 'cluster'>): Promise<readonly string[]> {
  const options: ClusterOptions = { kubeconfig: valueOf('--kubeconfig', words), context: valueOf('--context', words) };
  try {
    return kind === 'context'
      ? kubeconfigOf({ kubeconfig: options.kubeconfig })
          .getContexts()
          .map(({ name }) => name)
      : (await world.cluster(options).namespaces()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function valueOf(option: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(option);
  return at < 0 || at >= words.length - 2 ? undefined : words[at + 1];
}
