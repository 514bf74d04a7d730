// The one place where accelctl's words leave it. Names and messages were written by others: pods, kubelets, agents of nodes.
import { oneLine, plainLines } from '../api';
import { paintedParts, plain } from './paint';
import type { Progress } from './progress';
import type { Surroundings } from './surroundings';

/** Surroundings that print lines and colours of our own, and nothing else that a terminal would obey. */
export function cleaned<T extends Omit<Surroundings, 'end'>>(world: T): T {
  const { draw, paint } = world;
  const page = paint === plain ? plainLines : plainColoured;
  return { ...world, print: (text: string) => world.print(page(text)), draw: draw && ((text: string) => draw(page(text))), progress: cleanedProgress(world.progress) };
}

/** A page of lines, in the colours of `paint`. */
function plainColoured(text: string): string {
  return paintedParts(text).map(({ isColour, part }) => (isColour ? part : plainLines(part))).join('');
}

function cleanedProgress({ show, finish, note }: Progress): Progress {
  return { show: (step) => show({ ...step, text: oneLine(step.text) }), finish: () => finish(), note: (text) => note(oneLine(text)) };
}
