// Escapes control characters in everything that accelctl prints: names and messages come from pods, kubelets and agents, so they are untrusted.
import { oneLine, plainLines } from '../api';
import { plain, shownColours } from './paint';
import type { Progress } from './progress';
import type { Surroundings } from './surroundings';

/** Surroundings that print accelctl's own line feeds and colours, and escape every other control character. */
export function cleaned<T extends Omit<Surroundings, 'end'>>(world: T): T {
  const { draw, paint } = world;
  const page = paint === plain ? plainLines : plainColoured;
  return {
    ...world,
    print: (text: string) => world.print(page(text)),
    draw: draw && ((text: string) => draw(page(text))),
    progress: cleanedProgress(world.progress),
  };
}

/** Escapes the control characters of a text of several lines, except the colours of `paint`. */
function plainColoured(text: string): string {
  return shownColours(text, plainLines);
}

function cleanedProgress({ show, finish, note }: Progress): Progress {
  return { show: (step) => show({ ...step, text: oneLine(step.text) }), finish: () => finish(), note: (text) => note(oneLine(text)) };
}
