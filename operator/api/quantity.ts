// A Kubernetes quantity, as far as the resources of a container need it.
import { z } from 'zod';

const factors = { m: 1e-3, k: 1e3, Ki: 2 ** 10, M: 1e6, Mi: 2 ** 20, G: 1e9, Gi: 2 ** 30 } as const;
const pattern = new RegExp(`^[0-9]+(\\.[0-9]+)?(${Object.keys(factors).join('|')})?$`);

/** A quantity of the resource's YAML. Both `cpu: 1` and `cpu: "1"` are accepted; the result is a string. */
export const quantity = z.union([z.int().min(0), z.string().max(32).regex(pattern, 'not a quantity such as 50m or 128Mi')]).transform(String);

/** The number that a valid quantity stands for: bytes of memory, or processors. */
export function scalarOf(text: string): number {
  const suffix = /[a-zA-Z]+$/.exec(text)?.[0] ?? '';
  return Number.parseFloat(text) * (suffix in factors ? factors[suffix as keyof typeof factors] : 1);
}
