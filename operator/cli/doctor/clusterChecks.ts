// doctor's checks of the API server's version and of the user's rights.
import type { Facts } from './facts';
import { failure, ok, skipped, warning, type Finding } from './finding';

const minMinor = 30;

export function versionFinding({ version }: Pick<Facts, 'version'>): Finding {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  const isRecent = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= minMinor);
  return isRecent
    ? ok('cluster', `Kubernetes ${version}`)
    : failure('cluster', `Kubernetes ${version} is older than 1.${minMinor}`, 'upgrade the cluster');
}

/** Only the installation needs these rights, so the check is left out when the controller is installed. */
export function rightsFinding({ lacking, controller }: Pick<Facts, 'lacking' | 'controller'>): Finding[] {
  if (controller !== undefined && controller !== 'forbidden') return [];
  if (lacking === undefined) return [skipped('rights', 'the API server does not answer SelfSubjectAccessReviews')];
  if (lacking.length === 0) return [ok('rights', 'this user may install')];
  return [warning('rights', `this user may not ${lacking.join(', ')}`, 'ask a user with these rights to install the chart')];
}
