// Command: `make format`, and its check in `make lint`. Breaks lines as prettier (TypeScript, JavaScript) and clang-format (C) do: the files that git
// tracks, and new ones that it does not ignore.
import { execFileSync, spawnSync } from 'node:child_process';
import { checkout } from '../tools/paths';

interface Formatter {
  readonly files: readonly string[];
  readonly command: string;
  /** The arguments that rewrite files, and those that only name the files whose lines would change. */
  readonly write: readonly string[];
  readonly check: readonly string[];
}

const formatters: readonly Formatter[] = [
  { files: ['*.ts', '*.mts', '*.mjs', '*.js'], command: 'prettier', write: ['--write', '--log-level=warn'], check: ['--check', '--log-level=warn'] },
  // of Debian 12; another version breaks some lines otherwise
  { files: ['*.c', '*.h'], command: 'clang-format-14', write: ['-i'], check: ['--dry-run', '-Werror', '--ferror-limit=1'] },
];

function filesOf(patterns: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: checkout,
    encoding: 'utf8',
  });
  const deleted = new Set(execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: checkout, encoding: 'utf8' }).split('\0'));
  return listed.split('\0').filter((file) => file !== '' && !deleted.has(file));
}

/** True where nothing failed and, for a check, nothing would change. @throws when the program cannot be run */
function run({ files, command, write, check }: Formatter, writes: boolean): boolean {
  const { status, error } = spawnSync(command, [...(writes ? write : check), ...filesOf(files)], { cwd: checkout, stdio: 'inherit' });
  if (error !== undefined) throw new Error(`format: cannot run ${command}: ${error.message}; make deps installs it`);
  return status === 0;
}

const writes = process.argv.includes('--write');
const ran = formatters.map((each) => run(each, writes));
if (ran.includes(false)) {
  process.stderr.write(writes ? 'format: some files could not be formatted\n' : 'format: these lines are broken otherwise; run make format\n');
  process.exitCode = 1;
}
