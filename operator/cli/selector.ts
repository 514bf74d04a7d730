// Labels as they are written on a command line: app=shop,tier=web.
import { exitCode, Failure } from './exit';

/** @throws Failure with code 2 for what is not a list of key=value */
export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const [key = '', value, ...rest] = pair.split('=');
    if (key === '' || value === undefined || rest.length > 0) throw new Failure(`reading labels: ${pair || text} is not KEY=VALUE; as in istio-injection=enabled`, exitCode.usage);
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}
