// Command line: installs every part and prints the paths of its programs.
import { errorMessage } from '../../../operator/base';
import { catalogue, type ProgramName } from './catalogue';
import { installTools } from './install';
import { Progress } from '../../../release/tools/progress';

async function main(): Promise<void> {
  const tools = await installTools(new Progress());
  const programs: readonly ProgramName[] = Object.values(catalogue).flatMap((part) => [...part.programs]);
  for (const program of programs) process.stdout.write(`${program} ${tools.path(program)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
