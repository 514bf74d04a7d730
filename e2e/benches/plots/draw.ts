// From a Vega-Lite specification to a picture for light and dark paper.
import type { TopLevelSpec } from 'vega-lite';
import { config, inBothThemes } from './theme';

/** @param spec without its configuration @returns SVG */
export async function draw(spec: object): Promise<string> {
  // Vega awaits at its top level, which require() refuses.
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const whole = { config, ...spec } as TopLevelSpec;
  return inBothThemes(await new View(parse(compile(whole).spec), { renderer: 'none' }).toSVG());
}
