// Colours for good, doubtful and bad values. The text says the same in words, so it is complete without colours.
import { inspect, styleText } from 'node:util';

export type Judgement = 'good' | 'doubtful' | 'bad';
export type Paint = (judgement: Judgement, text: string) => string;

const colours = { good: 'green', doubtful: 'yellow', bad: 'red' } as const;

/** Colours for a stream. There are none when the stream is no terminal, or when NO_COLOR is set and not empty (no-color.org). */
export function paintOf(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const colourless = stream.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  // validateStream: false, because styleText would check another stream than this one.
  return colourless ? plain : (judgement, text) => styleText(colours[judgement], text, { validateStream: false });
}

export const plain: Paint = (_judgement, text) => text;

const painted = new RegExp(
  `(${Object.values(colours)
    .flatMap((colour) => inspect.colors[colour] ?? [])
    .map((code) => `\\u001b\\[${code}m`)
    .join('|')})`,
);

/** Splits the text into the colour sequences of `paint` and the parts between them. */
export function paintedParts(text: string): { readonly isColour: boolean; readonly part: string }[] {
  return text.split(painted).map((part, at) => ({ isColour: at % 2 === 1, part }));
}
