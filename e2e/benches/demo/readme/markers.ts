// Replaces the text between two markers, so that a page written by hand can have a generated block.

/**
 * @param name of the markers `<!-- name:begin -->` and `<!-- name:end -->`, each on a line of its own
 * @throws Error when the text lacks them
 */
export function replaceBlock(text: string, name: string, block: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`writing the block ${name}: the page has no markers ${begin.trim()} and ${end}; put them in`);
  return `${text.slice(0, from + begin.length)}${block}\n${text.slice(to)}`;
}
