// Runs doctor on a prepared cluster, for tests.
import type { FakeApi } from '../api.testing';
import { accelctl } from '../run.testing';

/** Doctor's exit code and findings; `lines` has each finding in one line. */
export async function diagnosed(api: FakeApi, ...words: string[]) {
  const { code, printed } = await accelctl(api, ['doctor', '-o', 'json', ...words]);
  const { healthy, findings } = JSON.parse(printed.join('')) as {
    healthy: boolean;
    findings: { level: string; check: string; message: string; remedy?: string }[];
  };
  return {
    code,
    healthy,
    findings,
    lines: findings.map(({ level, check, message, remedy }) => `${level} ${check}: ${message}${remedy === undefined ? '' : ` => ${remedy}`}`),
  };
}
