// Writes the generated files: kustomize base, add-on, Argo CD's settings and accelctl's reference. With --check it only names the files that
// are out of date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorMessage } from '../../operator/base';
import { cliPage } from '../docs/cliPage';
import { helm } from '../tools/catalogue';
import { installParts } from '../tools/install';
import { checkout } from '../tools/paths';
import { Progress } from '../tools/progress';
import { addonDescription } from './addon';
import { argocdSettings } from './argocdSettings';
import { kustomizeBase } from './kustomizeBase';

async function main(check: boolean): Promise<number> {
  const tools = await installParts(new Progress(), { helm });
  const files = new Map([...(await kustomizeBase(tools)), ...argocdSettings(), ...addonDescription(), ...cliPage()]);
  const stale = [...files].filter(([name, text]) => !existsSync(join(checkout, name)) || readFileSync(join(checkout, name), 'utf8') !== text);
  for (const [name, text] of stale) {
    if (check) console.error(`${name} is out of date: run make render and commit the result`);
    else {
      mkdirSync(dirname(join(checkout, name)), { recursive: true });
      writeFileSync(join(checkout, name), text);
      console.log(`wrote ${name}`);
    }
  }
  return check && stale.length > 0 ? 1 : 0;
}

main(process.argv.includes('--check')).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(errorMessage(error));
    process.exitCode = 1;
  },
);
