// Colours for good, doubtful and bad values. The text says the same in words, so it is complete without colours.
import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';

export type Judgement = 'good' | 'doubtful' | 'bad';
export type Paint = (judgement: Judgement, text: string) => string;

const colours = { good: 'green', doubtful: 'yellow', bad: 'red' } as const;

/**
 * A parameter that is new in each run and marks the colour sequences of `paint`: text of the cluster that contains a colour sequence does not know
 * it. Terminals and tables count such a sequence as no character.
 */
const mark = randomInt(2 ** 40, 2 ** 47);

/** Colours for a stream, in sequences that `shownColours` turns into those of a terminal. There are none when the stream is no terminal, or when NO_COLOR is set and not empty (no-color.org). */
export function paintOf(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const colourless = stream.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  if (colourless) return plain;
  return (judgement, text) => {
    const [on, off] = inspect.colors[colours[judgement]] ?? [0, 0];
    return `${marked(on)}${text}${marked(off)}`;
  };
}

const marked = (code: number): string => `\u001b[${mark};${code}m`;

export const plain: Paint = (_judgement, text) => text;

const painted = new RegExp(`(\\u001b\\[${mark};\\d{1,3}m)`);

/** The text with the colours of `paint` as a terminal understands them. @param clean is applied to the parts between them */
export function shownColours(text: string, clean: (part: string) => string): string {
  return paintedParts(text)
    .map(({ isColour, part }) => (isColour ? part.replace(`${mark};`, '') : clean(part)))
    .join('');
}

/** Splits the text into the colour sequences of `paint` and the parts between them. */
export function paintedParts(text: string): { readonly isColour: boolean; readonly part: string }[] {
  return text.split(painted).map((part, at) => ({ isColour: at % 2 === 1, part }));
}
