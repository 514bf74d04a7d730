// Command: writes the figures of the last demo into the README.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../../../../release/tools/paths';
import { replaceBlock } from './markers';
import { measuredTable, reportSchema } from './measured';

const readme = join(checkout, 'README.md');
const report = reportSchema.parse(JSON.parse(readFileSync(join(checkout, 'build', 'demo', 'report.json'), 'utf8')));
const machine = `On one machine with ${cpus().length} CPUs, Linux ${release()}, which ran load generator, both Envoys, server and cluster.`;
writeFileSync(readme, replaceBlock(readFileSync(readme, 'utf8'), 'measured', `${measuredTable(report)} ${machine}`));
