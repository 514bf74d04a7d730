// Figures as rows have them.
import { rounded } from './ports/underCrowd';

/** From bytes, to a tenth. */
export const mib = (bytes: number): number => rounded(bytes / 2 ** 20);

export const count = (n: number): string => n.toLocaleString('en');
