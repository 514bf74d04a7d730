// Text that others wrote, before it is shown or kept: it must not move a cursor, end a line or turn the order of its letters round.

/**
 * What is no letter on a line: control characters (C0 with ESC and line feed, DEL, C1), separators of lines and paragraphs, format
 * characters (those that turn the direction of writing among them) and halves of surrogate pairs. Unicode 16, chapter 4.5.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everyUnprintable = new RegExp(unprintable.source, 'gu');
/** The same, but for what lays a text out in lines. */
const everyUnprintableButLayout = new RegExp(`(?![\\n\\t])${unprintable.source}`, 'gu');

/** True for text that is one line and nothing else. */
export function isOneLine(text: string): boolean {
  return !unprintable.test(text);
}

/** The text on one line; what cannot be shown is written as `\uXXXX`, which inside of JSON still means the same. */
export function oneLine(text: string): string {
  return isOneLine(text) ? text : text.replace(everyUnprintable, escaped);
}

/** As `oneLine`, for a text of several lines: line feeds and tabs stay. */
export function plainLines(text: string): string {
  return isOneLine(text) ? text : text.replace(everyUnprintableButLayout, escaped);
}

function escaped(character: string): string {
  return [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
