// accelctl doctor: checks the cluster before and after the installation, and names each problem with its remedy.
import type { Command } from 'commander';
import { exitCode } from '../exit';
import type { ClusterOptions } from '../kubeconfig';
import { addOutput, formatted, type OutputOptions } from '../output';
import type { Judgement, Paint } from '../paint';
import type { Surroundings } from '../surroundings';
import { plainTable } from '../table';
import { rightsFinding, versionFinding } from './clusterChecks';
import { crdFindings } from './crd';
import { factsOf, type Facts } from './facts';
import type { Finding, Level } from './finding';
import { installationFindings } from './installation';
import { nodeFindings } from './nodes';
import { namespaceHelp } from './place';
import { resourceFindings } from './resource';

interface DoctorOptions extends ClusterOptions, OutputOptions {
  readonly namespace?: string;
}

export function addDoctor(program: Command, world: Surroundings): void {
  const command = program
    .command('doctor')
    .description('check the cluster and every node, before and after the installation; exit code 3 when a check fails')
    .option('-n, --namespace <name>', namespaceHelp)
    .addHelpText('after', '\nExamples:\n  $ accelctl doctor\n  $ accelctl doctor -o json | jq \'.findings[] | select(.level == "failure")\'')
    .action((_own, called: Command) => doctor(called.optsWithGlobals<DoctorOptions>(), world));
  addOutput(command);
}

async function doctor(options: DoctorOptions, world: Surroundings): Promise<void> {
  const findings = findingsOf(await factsOf(world.cluster(options), options.namespace), world.now());
  const healthy = findings.every(({ level }) => level !== 'failure');
  world.print(formatted(options.output, { healthy, findings }, () => page(findings, world.paint)));
  world.end(healthy ? exitCode.success : exitCode.notReady);
}

/** All findings, in the order in which their problems should be solved. */
export function findingsOf(facts: Facts, now: Date): Finding[] {
  const { resource } = facts;
  const spec = resource === undefined || resource === 'forbidden' ? undefined : resource.spec;
  return [
    versionFinding(facts),
    ...rightsFinding(facts),
    ...crdFindings(facts),
    ...installationFindings(facts, now),
    ...nodeFindings(facts, spec),
    ...resourceFindings(facts),
  ];
}

const judgements: Partial<Record<Level, Judgement>> = { ok: 'good', warning: 'doubtful', failure: 'bad' };

function page(findings: readonly Finding[], paint: Paint): string {
  const rows = findings.map(({ level, check, message }) => [judged(level, paint), check, message]);
  const remedies = findings.flatMap(({ level, check, remedy }) => (remedy === undefined ? [] : [`${judged(level, paint)} ${check}: ${remedy}`]));
  return [
    plainTable(['RESULT', 'CHECK', 'FOUND'], rows),
    ...(remedies.length === 0 ? [] : ['', 'What to do:', ...remedies.map((each) => `  ${each}`)]),
  ].join('\n');
}

function judged(level: Level, paint: Paint): string {
  const judgement = judgements[level];
  return judgement === undefined ? level : paint(judgement, level);
}
