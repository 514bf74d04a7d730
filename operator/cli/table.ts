// Tables without borders, as kubectl prints them.
import Table from 'cli-table3';
import { oneLine, shortened } from '../api';
import { paintedParts } from './paint';

const noLines = {
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
  middle: '',
};

/** @param head titles of the columns; a title that begins with `>` aligns its column to the right */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: head.map((title) => title.replace(/^>/, '')),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: head.map((title) => (title.startsWith('>') ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map(cell));
  return table.toString().replace(/ +$/gm, '');
}

/** Longest part of a cell between colours, in UTF-16 code units. */
const longestPart = 2_000;

/** Escapes the line feeds of a cell, because a line feed would start a new row, and bounds its length. */
function cell(text: string): string {
  return paintedParts(text)
    .map(({ isColour, part }) => (isColour ? part : oneLine(shortened(part, longestPart))))
    .join('');
}
