// docs/kernels.md: kernel × result, drawn from the results. Pure.
import { complaints, type KernelResult } from './result';

const head = `# Kernels

Written by \`make test-kernels\`, which boots Debian's kernels in virtual machines: the agent's own loader on the kernel's own
verifier, the tests of [ebpf/tests](../ebpf/tests) and the conformance suite. Everything else is in [kernels.json](kernels.json).
`;

export function kernelsPage(results: readonly KernelResult[]): string {
  const sections = [head, table(columns, results), ...results.flatMap(trouble)];
  return `${sections.join('\n')}\n`;
}

interface Column {
  readonly title: string;
  readonly cell: (result: KernelResult) => string;
}

const columns: readonly Column[] = [
  { title: 'kernel', cell: ({ release, kernel, machine }) => `${release === '' ? kernel : release} ${machine}`.trim() },
  { title: 'Debian', cell: ({ version }) => version },
  { title: 'loads', cell: loads },
  { title: 'ends paired', cell: ({ traffic }) => traffic.map(({ family, paired, connections }) => `${family} ${paired} of ${2 * connections}`).join(', ') },
  { title: 'bytes checked', cell: ({ traffic }) => millions(traffic.map(({ bytes }) => bytes)) },
  { title: 'wrong', cell: ({ traffic }) => String(sum(traffic.map(({ wrongBytes }) => wrongBytes))) },
  { title: 'on the fast path', cell: ({ traffic }) => millions(traffic.map(({ fastBytes }) => fastBytes)) },
  { title: 'tests', cell: ({ tests }) => `${tests.filter(({ passed }) => passed).length} of ${tests.length}` },
  { title: 'conformance', cell: conformance },
];

function table(shown: readonly Column[], results: readonly KernelResult[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = results.map((result) => line(shown.map(({ cell }) => cell(result))));
  return [line(shown.map(({ title }) => title)), `|${'---|'.repeat(shown.length)}`, ...rows, ''].join('\n');
}

function loads({ refused, traffic }: KernelResult): string {
  if (refused !== undefined) return 'no';
  return traffic.length > 0 ? 'yes' : '–';
}

/** `312 same, 40 refused`. */
function conformance({ conformance: rows }: KernelResult): string {
  const counts = new Map<string, number>();
  for (const { result } of rows) counts.set(result, (counts.get(result) ?? 0) + 1);
  return [...counts].map(([result, count]) => `${count} ${result}`).join(', ') || '–';
}

function trouble(result: KernelResult): string[] {
  const lines = complaints(result);
  return lines.length === 0 ? [] : [`## ${result.kernel}: not as it must be\n`, ...lines.map((line) => `- ${line}`), ''];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function millions(numbers: readonly number[]): string {
  return `${(sum(numbers) / 1e6).toFixed(1)} MB`;
}
