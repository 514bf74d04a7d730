// Makes text from outside the program safe to print or store: it must not move the terminal's cursor, end the line or reverse the
// direction of writing.

/**
 * Characters that do not belong in one line of text: control characters (C0 with ESC and line feed, DEL, C1), separators of lines and
 * paragraphs, format characters (among them those that change the direction of writing), halves of surrogate pairs and private use. Unicode 16,
 * chapter 4.5. Also letters and marks that nobody sees, with which two names look alike (Hangul fillers, combining grapheme joiner, variation
 * selectors, blank Braille pattern), and the ninth and further combining marks in a row, which would cover the lines above and below.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?<=\p{M}{8})\p{M}+/u;
const everyUnprintable = new RegExp(unprintable.source, 'gu');
/** The same characters except line feed and tab. */
const everyUnprintableButLayout = new RegExp(`(?![\\n\\t])(?:${unprintable.source})`, 'gu');

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

/** The text, or its first characters and the number of the others. @param most greatest number of UTF-16 code units that are kept */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  // A cut inside a surrogate pair would leave half of a character.
  const end = /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return `${text.slice(0, end)}… and ${text.length - end} more characters`;
}

function escaped(character: string): string {
  return [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
