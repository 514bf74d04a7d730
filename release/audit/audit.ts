// Asks the npm registry, through `npm audit`, for known vulnerabilities of the packages in the image.
import { z } from 'zod';
import { attempt } from '../tools/command';

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;

const advisory = z.looseObject({ title: z.string(), url: z.string(), severity: z.enum(severities), range: z.string() });
/** npm's report of version 2 (npm-audit(1), --json). */
const report = z.looseObject({
  vulnerabilities: z.record(
    z.string(),
    z.looseObject({ name: z.string(), severity: z.enum(severities), via: z.array(z.union([z.string(), advisory])) }),
  ),
  metadata: z.looseObject({ dependencies: z.looseObject({ prod: z.int() }) }),
});
const refused = z.looseObject({ message: z.string() });

export interface Audit {
  /** The number of production dependencies that were checked, without the product itself, which npm counts too. */
  readonly asked: number;
  /** A line for each advisory, the most severe first. */
  readonly known: readonly string[];
}

/**
 * Asks about production dependencies only, because the image has no others.
 * @param directory holds package.json and package-lock.json
 * @param registry npm's own setting unless given
 * @throws Error in one line when the registry serves no advisories or the output of npm cannot be read; neither means that there are none
 */
export async function auditOf(directory: string, registry?: string): Promise<Audit> {
  const args = ['audit', '--omit=dev', '--json', ...(registry === undefined ? [] : [`--registry=${registry}`])];
  // npm exits with 1 when there are advisories.
  const { stdout, stderr } = await attempt('npm', args, { cwd: directory, timeoutMs: 120_000 });
  const said = parsed(stdout);
  const found = report.safeParse(said);
  if (found.success) return { asked: found.data.metadata.dependencies.prod - 1, known: linesOf(found.data) };
  const refusal = refused.safeParse(said);
  const why = refusal.success ? refusal.data.message : (stderr.trim().split('\n').at(-1) ?? '');
  throw new Error(
    `asking the registry for advisories: ${why}; nothing is known of vulnerabilities: ask a registry that serves them, AUDIT_REGISTRY=<its address> make audit`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The advisories of a package itself. npm also lists packages whose dependency has an advisory; that one is listed at the dependency. */
function linesOf({ vulnerabilities }: z.infer<typeof report>): string[] {
  const rows = Object.values(vulnerabilities).flatMap(({ name, via }) =>
    via.flatMap((each) => (typeof each === 'string' ? [] : [{ name, ...each }])),
  );
  return rows
    .sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || (a.name < b.name ? -1 : 1))
    .map(({ name, severity, range, title, url }) => `${severity} ${name} ${range}: ${title} (${url})`);
}
