// Writes docs/cli.md from the definition of accelctl's commands.
import { programOf } from '../../operator/cli/program';
import { referencePage } from '../../operator/cli/reference';
import type { Surroundings } from '../../operator/cli/surroundings';

function unused(): never {
  throw new Error('writing the reference runs no command');
}

const nowhere: Surroundings = {
  cluster: unused,
  print: unused,
  paint: unused,
  progress: { show: unused, finish: unused, note: unused },
  now: unused,
  nextPoll: unused,
  ended: unused,
  end: unused,
};

/** Path relative to the root of the checkout → text. */
export function cliPage(): Map<string, string> {
  return new Map([['docs/cli.md', referencePage(programOf({ name: 'accelctl', version: '' }, nowhere))]]);
}
