// The subcommand `connections` of the agent's program: prints the joined connections of this node with their original destinations.
import Table from 'cli-table3';
import type { JoinedConnection } from './datapath/contract';
import { askConnections } from './inspector';

export interface ConnectionsOptions {
  readonly output: 'table' | 'json';
  readonly limit: number;
  readonly socket: string;
}

/** The text to print. @throws Error (rejection) in one line when the agent does not answer */
export async function connections({ output, limit, socket }: ConnectionsOptions): Promise<string> {
  const rows = await askConnections(socket, limit);
  return output === 'json' ? JSON.stringify(rows, null, 2) : renderTable(rows);
}

function renderTable(rows: readonly JoinedConnection[]): string {
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const table = new Table({
    head: ['NAMESPACE', 'PATH', 'CLIENT', 'ORIGINAL', 'REDIRECTED', 'LEARNT'],
    chars: blank,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([row.namespace, row.path, row.client, row.original, row.redirected, row.learnt]);
  return table.toString();
}
