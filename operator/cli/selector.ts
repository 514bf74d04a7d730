// Labels on the command line: app=shop,tier=web.
import { exitCode, Failure } from './exit';

/** @throws Failure with exit code 2 when the text is no list of KEY=VALUE */
export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const [key = '', value, ...rest] = pair.split('=');
    if (key === '' || value === undefined || rest.length > 0)
      throw new Failure(`reading labels: ${pair || text} is not KEY=VALUE; use a form such as istio-injection=enabled`, exitCode.usage);
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}
