// Makes text from outside the program safe to print or store: it must not move the terminal's cursor, end the line or reverse the
// direction of writing.

/**
 * Characters that do not belong in one line of text: control characters (C0 with ESC and line feed, DEL, C1), separators of lines and
 * paragraphs, format characters (among them those that change the direction of writing) and halves of surrogate pairs. Unicode 16, chapter 4.5.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const everyUnprintable = new RegExp(unprintable.source, 'gu');
/** The same characters except line feed and tab. */
const everyUnprintableButLayout = new RegExp(`(?![\\n\\t])${unprintable.source}`, 'gu');

/** True when the text has no character that could act on a terminal or end the line. */
export function isOneLine(text: string): boolean {
  return !unprintable.test(text);
}

/** The text on one line: unprintable characters are written as `\uXXXX`, which inside JSON stands for the same character. */
export function oneLine(text: string): string {
  return isOneLine(text) ? text : text.replace(everyUnprintable, escaped);
}

/** The same as `oneLine` for text of several lines: line feeds and tabs stay. */
export function plainLines(text: string): string {
  return isOneLine(text) ? text : text.replace(everyUnprintableButLayout, escaped);
}

function escaped(character: string): string {
  return [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
