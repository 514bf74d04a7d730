// docs/cli.md: the reference of accelctl, generated from the program's commands and options.
import type { Argument, Command, Help, Option } from 'commander';

/** The page in Markdown. @param program from `programOf`, with the name accelctl */
export function referencePage(program: Command): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== 'help');
  return [
    '<!-- Written from operator/cli by make render; do not edit. -->',
    '# accelctl',
    '',
    `\`accelctl\` ${program.description()}. As \`kubectl-accel\` on the PATH it is the plugin \`kubectl accel\`.`,
    'It has the rights of its kubeconfig; in a pod, the rights of the ServiceAccount.',
    '',
    ...commands.map((command) => `- [${command.name()}](#accelctl-${command.name()}): ${command.description()}`),
    '',
    'Options of every command:',
    '',
    ...options(help.visibleOptions(program)),
    '',
    fenced(textAfter(program)),
    '',
    'Colours and progress bars appear on a terminal only, and never while `NO_COLOR` is set.',
    ...commands.flatMap((command) => section(command, help)),
    '',
  ].join('\n');
}

function section(command: Command, help: Help): string[] {
  const argumentRows = command.registeredArguments.map(
    (argument) => `| \`<${argument.name().replaceAll('|', '\\|')}>\` | ${cell(argument.description)}${choices(argument)} |`,
  );
  const rows = [
    ...argumentRows,
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map(row),
  ];
  const after = textAfter(command);
  return [
    '',
    `## accelctl ${command.name()}`,
    '',
    `${sentence(command.description())}`,
    ...(rows.length === 0 ? [] : ['', ...table(rows)]),
    ...(after === '' ? [] : ['', fenced(after)]),
  ];
}

function options(list: readonly Option[]): string[] {
  return table(list.map(row));
}

const table = (rows: readonly string[]): string[] => ['| | |', '|---|---|', ...rows];
const row = (option: Option): string => `| \`${option.flags}\` | ${cell(option.description)}${choices(option)}${defaultOf(option)} |`;
const choices = ({ argChoices }: Option | Argument): string =>
  argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;

function defaultOf({ defaultValue, defaultValueDescription, negate }: Option): string {
  if (negate || defaultValue === undefined || defaultValue === false) return '';
  return `; default \`${defaultValueDescription ?? String(defaultValue)}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;

/** The text that `addHelpText('after')` added to a command. */
function textAfter(command: Command): string {
  let all = '';
  command.configureOutput({ writeOut: (text) => (all += text) });
  command.outputHelp();
  return all.slice(command.helpInformation().length).trim();
}
