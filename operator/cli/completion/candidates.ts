// The words that may come next on a command line, from the program's commands and options.
import type { Argument, Command, Option } from 'commander';

/** A word that may come next, with its description. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Names that come from the cluster (namespaces) or the kubeconfig (contexts). */
export type NameKind = 'namespace' | 'context';
export type Names = (kind: NameKind) => Promise<readonly string[]>;

/**
 * @param words the words after the program's name; the last one is incomplete, and may be empty
 * @param names reads the names of a kind; only called when such a name may come next
 */
export async function candidates(program: Command, words: readonly string[], names: Names): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, operands } = placeOf(program, before);
  const awaiting = optionsOf(program, command).find((option) => takesValue(option) && isNamed(option, before.at(-1)));
  const found = await (awaiting === undefined ? nextOf(program, command, operands, typed, names) : valuesOf(awaiting, names));
  return found.filter(({ word }) => word.startsWith(typed)).sort((a, b) => a.word.localeCompare(b.word));
}

/** The command that the words name, and the number of its arguments among them. */
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
  if (typed.startsWith('-'))
    return optionsOf(program, command).map((option) => ({ word: option.long ?? option.short ?? '', description: option.description }));
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

/** The options of a command and of the program. `--help` is added: commander accepts it everywhere but does not list it. */
function optionsOf(program: Command, command: Command): Option[] {
  const own = command === program ? [] : command.options;
  return [...own, ...program.options, program.createOption('-h, --help', 'print help')].filter(({ hidden }) => !hidden);
}

/** The commands that are in the help; commander leaves hidden ones out of it. */
function visible(command: Command): Command[] {
  return [...command.createHelp().visibleCommands(command)];
}
