// What may come next on a command line, from the program's own commands and options.
import type { Argument, Command, Option } from 'commander';

/** A word that may come next, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What only the cluster or the kubeconfig knows. */
export type NameKind = 'namespace' | 'context';
export type Names = (kind: NameKind) => Promise<readonly string[]>;

/**
 * @param words after the program's name; the last one is being typed, and may be empty
 * @param names asked only when such a name may come next
 */
export async function candidates(program: Command, words: readonly string[], names: Names): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, operands } = placeOf(program, before);
  const awaiting = optionsOf(program, command).find((option) => takesValue(option) && isNamed(option, before.at(-1)));
  const found = await (awaiting === undefined ? nextOf(program, command, operands, typed, names) : valuesOf(awaiting, names));
  return found.filter(({ word }) => word.startsWith(typed)).sort((a, b) => a.word.localeCompare(b.word));
}

/** Which command the words before name, and how many arguments of it they hold. */
function placeOf(program: Command, before: readonly string[]): { command: Command; operands: number } {
  let command = program;
  let operands = 0;
  before.forEach((word, at) => {
    const follows = optionsOf(program, command).some((option) => takesValue(option) && isNamed(option, before[at - 1]));
    if (word.startsWith('-') || follows) return;
    const next = visible(command).find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) operands += 1;
    else command = next;
  });
  return { command, operands };
}

async function nextOf(program: Command, command: Command, operands: number, typed: string, names: Names): Promise<Candidate[]> {
  if (typed.startsWith('-')) return optionsOf(program, command).map((option) => ({ word: option.long ?? option.short ?? '', description: option.description }));
  if (command === program) return visible(program).map((each) => ({ word: each.name(), description: each.description() }));
  const argument = command.registeredArguments[operands];
  return argument === undefined ? [] : argumentsOf(argument, names);
}

async function argumentsOf(argument: Argument, names: Names): Promise<Candidate[]> {
  if (argument.argChoices !== undefined) return plain(argument.argChoices);
  return argument.name().includes('namespace') ? plain(await names('namespace')) : [];
}

async function valuesOf(option: Option, names: Names): Promise<Candidate[]> {
  if (option.argChoices !== undefined) return plain(option.argChoices);
  const name = option.attributeName();
  return name === 'namespace' || name === 'context' ? plain(await names(name)) : [];
}

const plain = (words: readonly string[]): Candidate[] => words.map((word) => ({ word, description: '' }));
const takesValue = (option: Option): boolean => option.required || option.optional;
const isNamed = (option: Option, word: string | undefined): boolean => word !== undefined && (option.long === word || option.short === word);

/** `--help` is not among a command's options, but commander knows it everywhere. */
function optionsOf(program: Command, command: Command): Option[] {
  const own = command === program ? [] : command.options;
  return [...own, ...program.options, program.createOption('-h, --help', 'what it does, with examples')].filter(({ hidden }) => !hidden);
}

/** Commander hides a command by leaving it out of the help. */
function visible(command: Command): Command[] {
  return [...command.createHelp().visibleCommands(command)];
}
