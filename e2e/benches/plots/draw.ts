// Draws a Vega-Lite specification as an SVG picture for light and dark pages.
import type { TopLevelSpec } from 'vega-lite';
import { config, inBothThemes } from './theme';

/** @param spec without its configuration @returns SVG */
export async function draw(spec: object): Promise<string> {
  // Vega's modules have a top-level await, so require() cannot load them.
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const whole = { config, ...spec } as TopLevelSpec;
  return inBothThemes(await new View(parse(compile(whole).spec), { renderer: 'none' }).toSVG());
}
