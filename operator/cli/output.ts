// How a command prints: a table for people, JSON or YAML for programs; one way to ask for it everywhere.
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';

const formats = ['table', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];

/** What `-o` was, as every command's options have it. */
export interface OutputOptions {
  readonly output: Format;
}

export function addOutput(command: Command): Command {
  return command.addOption(new Option('-o, --output <format>', 'how to print it').choices(formats).default('table'));
}

/** @param table only called when it is wanted */
export function formatted(format: Format, value: unknown, table: () => string): string {
  switch (format) {
    case 'json':
      return JSON.stringify(value, null, 2);
    case 'yaml':
      // YAML 1.1 is what Kubernetes' tools read: the writer quotes a bare Off, which they would take for false.
      return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd();
    case 'table':
      return table();
  }
}
