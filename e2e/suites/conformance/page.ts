// The text of docs/conformance.md, from the rows: a table of case × path, and what is declared about each case. Pure.
import type { Declaration } from './declared';
import { familyNames, pathNames, paths, type PathName } from './paths';
import type { Case } from './probe';
import { results } from './verdict';
import type { Row } from './report';

const head = `# Conformance

Written by \`make conformance\` ([e2e/suites/conformance](../e2e/suites/conformance)); every row is in [conformance.json](conformance.json).
Each case is one behaviour of the socket API, played at the same time on plain TCP and on a connection that has been
accelerated; both sides note what the system calls told them, and every byte is known by its place.

- **same**: word for word what TCP does, on redirected bytes
- **refused**: the datapath notices that this cannot be right and leaves the connection, or these bytes, on TCP: word for word what TCP does
- **different**: something else; [below](#different) with its remedy
- **unsupported**: this kernel lacks the feature
`;

export function conformancePage(rows: readonly Row[], cases: readonly Case[], declared: readonly Declaration[]): string {
  const played = cases.filter(({ name }) => rows.some((row) => row.case === name));
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))].join(', ');
  const counts = results.map((result) => `${rows.filter((row) => row.result === result).length} ${result}`).join(', ');
  const sections = [
    head,
    `Kernel ${kernels}, ${familyNames.join(' and ')}: ${rows.length} rows, ${counts}.\n`,
    legend(),
    table(
      ['case', ...pathNames],
      played.map((each) => [`\`${each.name}\``, ...pathNames.map((path) => cell(rows, each, path))]),
    ),
    '## What the cases are\n',
    table(
      ['case', 'behaviour'],
      played.map(({ name, about }) => [`\`${name}\``, about]),
    ),
    '## Refused\n',
    declarationTable(rows, declared, 'refused', (declaration) => (declaration.reasons ?? []).join(', '), 'reason'),
    '## Different\n',
    declarationTable(rows, declared, 'different', ({ remedy }) => remedy, 'remedy'),
  ];
  return `${sections.join('\n')}`;
}

function legend(): string {
  return `${pathNames.map((path) => `- \`${path}\`: ${paths[path].about}`).join('\n')}\n`;
}

/** One word where the families agree, else a word for each: `IPv4 same, IPv6 refused`. */
function cell(rows: readonly Row[], { name }: Case, path: PathName): string {
  const found = rows.filter((row) => row.case === name && row.path === path);
  const words = [...new Set(found.map(({ result }) => result))];
  if (words.length <= 1) return words[0] ?? '–';
  return found.map(({ family, result }) => `${family} ${result}`).join(', ');
}

function table(title: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(title), `|${'---|'.repeat(title.length)}`, ...body.map(line), ''].join('\n');
}

function declarationTable(
  rows: readonly Row[],
  declared: readonly Declaration[],
  result: Declaration['result'],
  last: (declaration: Declaration) => string,
  title: string,
): string {
  const seen = (name: string): boolean => rows.some((row) => row.case === name && row.result === result);
  const borneOut = declared
    .filter((declaration) => declaration.result === result)
    .map((declaration) => ({ declaration, cases: declaration.cases.filter(seen) }))
    .filter(({ cases }) => cases.length > 0);
  const body = borneOut.map(({ declaration, cases }) => [cases.map((name) => `\`${name}\``).join(', '), declaration.why, last(declaration)]);
  return table(['case', 'why', title], body);
}
