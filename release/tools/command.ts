// Runs other programs. Their output is returned or logged; a failure is an error in one line with the last line of the output.
import { spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** Options for running a command. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The standard input of the command; empty by default. */
  readonly input?: string;
  /** A file for both output streams, which are not returned then; for builds with much output. */
  readonly logFile?: string;
  /** The command is killed after this long. */
  readonly timeoutMs?: number;
}

/** The result of a command that has ended. */
export interface CommandResult {
  /** The exit code; 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Thrown for a command that could not be started or did not exit with 0. The message is one line. */
export class CommandError extends Error {
  constructor(
    command: string,
    args: readonly string[],
    readonly result: CommandResult,
    lastWords: string,
  ) {
    super(`${[command, ...args].join(' ').slice(0, 200)}: exit code ${result.code}: ${lastWords}`);
    this.name = 'CommandError';
  }
}

/**
 * Runs a command to its end, whatever its exit code.
 * @throws CommandError when it cannot be started at all.
 */
export function attempt(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a');
  const output = log ?? 'pipe';
  const stdio: StdioOptions = [options.input === undefined ? 'ignore' : 'pipe', output, output];
  const child = spawn(command, args, {
    stdio,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
  });
  if (log !== undefined) closeSync(log);
  const collected = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (collected.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (collected.stderr += text));
  // A command may exit before it has read its input. Then the exit code matters and not EPIPE.
  child.stdin?.on('error', () => undefined).end(options.input);
  return new Promise((settle, fail) => {
    child.on('error', (error) => fail(new CommandError(command, args, { code: 127, ...collected }, error.message)));
    child.on('close', (code, signal) => settle({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), ...collected }));
  });
}

/**
 * Runs a command that must succeed.
 * @returns its standard output (empty when it goes to a log file)
 * @throws CommandError with the last line of its output
 */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(command, args, options);
  if (result.code === 0) return result.stdout;
  const said = options.logFile === undefined ? result.stderr || result.stdout : readFileSync(options.logFile, 'utf8');
  const where = options.logFile === undefined ? '' : ` (all of it: ${options.logFile})`;
  throw new CommandError(command, args, result, lastLines(said) + where);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-600);
}
