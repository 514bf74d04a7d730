// The API server itself, and what this user may do there.
import type { Facts } from './facts';
import { failure, ok, skipped, warning, type Finding } from './finding';

const leastMinor = 30;

export function versionFinding({ version }: Pick<Facts, 'version'>): Finding {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const isRecent = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= leastMinor);
  return isRecent ? ok('cluster', `Kubernetes ${version}`) : failure('cluster', `Kubernetes ${version} is older than 1.${leastMinor}`, 'upgrade the cluster');
}

/** Only whoever installs needs these rights; afterwards nobody does. */
export function rightsFinding({ lacking, controller }: Pick<Facts, 'lacking' | 'controller'>): Finding[] {
  if (controller !== undefined && controller !== 'forbidden') return [];
  if (lacking === undefined) return [skipped('rights', 'the API server does not say what this user may do')];
  if (lacking.length === 0) return [ok('rights', 'this user may install')];
  return [warning('rights', `this user may not ${lacking.join(', ')}`, 'have somebody with these rights install the chart')];
}
