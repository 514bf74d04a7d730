// accelctl completion: makes a shell complete commands, options and the names of namespaces and contexts; kubectl completes its plugin the same way.
import { Argument, type Command } from 'commander';
import { kubeconfigOf, type ClusterOptions } from '../kubeconfig';
import type { Surroundings } from '../surroundings';
import { candidates, type NameKind } from './candidates';
import { scripts, shells, type Shell } from './scripts';

/** Cobra's ShellCompDirectiveNoFileComp, which kubectl reads: nothing here is a file. */
const noFiles = ':4';

const loading = `
Load it in the running shell, or put the line into the shell's start-up file:
  $ source <(accelctl completion bash)
  $ source <(accelctl completion zsh)
  $ accelctl completion fish | source

kubectl completes its plugin \`kubectl accel\` when a program kubectl_complete-accel is on the PATH:
  #!/bin/sh
  exec kubectl-accel __complete "$@"`;

export function addCompletion(program: Command, world: Surroundings): void {
  program
    .command('completion')
    .description('print what a shell loads to complete this command')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', loading)
    .action((shell: Shell) => world.print(scripts[shell]));
}

/** The first word of a command line that asks what may come next. It is no command: commander would take the words after it for its own options. */
export const asksForCompletion = '__complete';

/** @param words after the one that asks; the last is being typed */
export async function completionOf(program: Command, words: readonly string[], world: Pick<Surroundings, 'cluster'>): Promise<string> {
  const found = await candidates(program, words, (kind) => namesOf(kind, words, world));
  return [...found.map(({ word, description }) => (description === '' ? word : `${word}\t${description}`)), noFiles].join('\n');
}

/** Nothing when they cannot be had: somebody who presses Tab wants no error. */
async function namesOf(kind: NameKind, words: readonly string[], world: Pick<Surroundings, 'cluster'>): Promise<readonly string[]> {
  const options: ClusterOptions = { kubeconfig: valueOf('--kubeconfig', words), context: valueOf('--context', words) };
  try {
    return kind === 'context' ? kubeconfigOf({ kubeconfig: options.kubeconfig }).getContexts().map(({ name }) => name) : (await world.cluster(options).namespaces()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function valueOf(option: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(option);
  return at < 0 || at >= words.length - 2 ? undefined : words[at + 1];
}
