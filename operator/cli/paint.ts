// Colours that carry a judgement: good, doubtful, bad. Everything is said in words too, so nothing is lost without them.
import { inspect, styleText } from 'node:util';

export type Judgement = 'good' | 'doubtful' | 'bad';
export type Paint = (judgement: Judgement, text: string) => string;

const colours = { good: 'green', doubtful: 'yellow', bad: 'red' } as const;

/** For a stream: nothing is coloured when it is no terminal, or when NO_COLOR is set (no-color.org: to anything but nothing). */
export function paintOf(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const colourless = stream.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  // Whether to colour is decided here, once; styleText would ask its own stream.
  return colourless ? plain : (judgement, text) => styleText(colours[judgement], text, { validateStream: false });
}

export const plain: Paint = (_judgement, text) => text;

const painted = new RegExp(`(${Object.values(colours).flatMap((colour) => inspect.colors[colour] ?? []).map((code) => `\\u001b\\[${code}m`).join('|')})`);

/** The text in parts: sequences that `paint` made, and what stands between them. */
export function paintedParts(text: string): { readonly isColour: boolean; readonly part: string }[] {
  return text.split(painted).map((part, at) => ({ isColour: at % 2 === 1, part }));
}
