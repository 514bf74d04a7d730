// The text of docs/kernels.md, from the results: a table of kernel × result. Pure.
import { behaviours, type Behaviour } from './behaviours';
import { markdownTable } from './markdown';
import { complaints, failedTests, type KernelResult } from './result';
import { steps } from './steps';

const head = `# Kernels

Written by \`make test-kernels\`, which boots Debian's kernels in virtual machines. On each it runs the agent's own loader against the kernel's
verifier, checksummed traffic, the tests of [ebpf/tests](../ebpf/tests) and the conformance suite. All results are in [kernels.json](kernels.json).
`;

const probesHead = `## What a kernel has

Found by trying, never by the version. On kernels without scans, connections join when they open and send their first messages over TCP.
`;

const conformanceHead = `## Conformance where kernels differ

\`same\`: as on plain TCP; \`refused\`: left on TCP; \`different\`: declared with its remedy in [conformance.md](conformance.md); \`unsupported\`: that
kernel lacks the feature on plain TCP too. All other cases of the suite have the same result on all kernels.
`;

export function kernelsPage(results: readonly KernelResult[]): string {
  const sections = [
    head,
    markdownTable(
      columns.map(({ title }) => title),
      results.map((result) => columns.map(({ cell }) => cell(result))),
    ),
    probesHead,
    matrix(results, probesOf),
    conformanceHead,
    matrix(results, behaviours, (cells) => new Set(cells).size > 1),
    ...results.flatMap(trouble),
  ];
  return `${sections.join('\n')}\n`;
}

interface Column {
  readonly title: string;
  readonly cell: (result: KernelResult) => string;
}

const columns: readonly Column[] = [
  { title: 'kernel', cell: title },
  { title: 'Debian', cell: ({ version }) => version },
  { title: 'loads', cell: loads },
  { title: 'ends paired', cell: paired },
  { title: 'bytes checked', cell: ({ traffic }) => millions(traffic.map(({ bytes }) => bytes)) },
  { title: 'wrong', cell: ({ traffic }) => String(sum(traffic.map(({ wrongBytes }) => wrongBytes))) },
  { title: 'on the fast path', cell: ({ traffic }) => millions(traffic.map(({ fastBytes }) => fastBytes)) },
  { title: 'tests', cell: tests },
  { title: 'conformance', cell: conformance },
];

function title({ release, kernel, machine }: KernelResult): string {
  return `${release === '' ? kernel : release} ${machine}`.trim();
}

function loads({ refused, programs, traffic }: KernelResult): string {
  if (refused !== undefined) return 'no';
  const lacking = programs.filter((program) => !program.loads).map(({ name }) => `\`${name}\``);
  if (lacking.length > 0) return `without ${lacking.join(', ')}`;
  return traffic.length > 0 ? 'yes' : '–';
}

/** For example `when they open: IPv4 16 of 16, IPv6 16 of 16; by visits: ...`. */
function paired({ traffic }: KernelResult): string {
  const ways = [...new Set(traffic.map(({ way }) => way))];
  const of = (way: string): string =>
    traffic
      .filter((each) => each.way === way)
      .map((each) => `${each.family} ${each.paired} of ${2 * each.connections}`)
      .join(', ');
  return ways.map((way) => `${way}: ${of(way)}`).join('<br>') || '–';
}

function tests(result: KernelResult): string {
  const { tests: all } = result;
  if (all.length === 0) return '–';
  const passing = all.filter((test) => test.passed).length;
  const lacking = all.length - passing - failedTests(result).length;
  const passed = `${passing} of ${all.length - lacking}`;
  return lacking === 0 ? passed : `${passed}; ${lacking} do not apply`;
}

/** For example `312 same, 40 refused`. */
function conformance({ conformance: rows }: KernelResult): string {
  const counts = new Map<string, number>();
  for (const { result } of rows) counts.set(result, (counts.get(result) ?? 0) + 1);
  return [...counts].map(([result, count]) => `${count} ${result}`).join(', ') || '–';
}

function probesOf({ probes }: KernelResult): Behaviour[] {
  return probes.map(({ name, answer }) => ({ name, result: answer }));
}

/** A table with a line for each item of any kernel, and a column for each kernel. */
function matrix(
  results: readonly KernelResult[],
  things: (result: KernelResult) => readonly Behaviour[],
  shown: (cells: readonly string[]) => boolean = () => true,
): string {
  const told = results.map((result) => new Map(things(result).map(({ name, result: said }) => [name, said])));
  const names = [...new Set(told.flatMap((each) => [...each.keys()]))];
  const rows = names
    .map((name) => [name, ...told.map((each) => each.get(name) ?? '–')])
    .filter(([, ...cells]) => shown(cells.filter((cell) => cell !== '–')));
  return markdownTable(['', ...results.map(({ kernel }) => kernel)], rows);
}

function trouble(result: KernelResult): string[] {
  const lines = complaints(result, { steps: steps.filter(({ name }) => result.steps.some((step) => step.name === name)) });
  return lines.length === 0 ? [] : [`## ${result.kernel}: what failed\n`, ...lines.map((line) => `- ${line}`), ''];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function millions(numbers: readonly number[]): string {
  return `${(sum(numbers) / 1e6).toFixed(1)} MB`;
}
