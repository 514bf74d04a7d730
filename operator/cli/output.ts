// The option -o: a table for people, JSON or YAML for programs.
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';

const formats = ['table', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];

/** The options of a command that has `-o`. */
export interface OutputOptions {
  readonly output: Format;
}

export function addOutput(command: Command): Command {
  return command.addOption(new Option('-o, --output <format>', 'output format').choices(formats).default('table'));
}

/** @param table makes the table; only called for the format `table` */
export function formatted(format: Format, value: unknown, table: () => string): string {
  switch (format) {
    case 'json':
      return JSON.stringify(value, null, 2);
    case 'yaml':
      // Kubernetes' tools read YAML 1.1, where an unquoted Off is false: with this version the writer quotes it.
      return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd();
    case 'table':
      return table();
  }
}
