// Command line: exits with 1 when there are advisories, and with 2 when the registry does not answer.
import { errorMessage } from '../../operator/base';
import { checkout } from '../tools/paths';
import { auditOf } from './audit';

async function main(): Promise<void> {
  const { asked, known } = await auditOf(checkout, process.env['AUDIT_REGISTRY']);
  process.stdout.write(`${known.map((line) => `${line}\n`).join('')}${asked} production dependencies, ${known.length} known vulnerabilities\n`);
  process.exitCode = known.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 2;
});
