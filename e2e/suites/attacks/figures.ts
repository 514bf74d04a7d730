// Rounds figures for rows.
import { rounded } from './ports/underCrowd';

/** Bytes in MiB, rounded to a tenth. */
export const mib = (bytes: number): number => rounded(bytes / 2 ** 20);

export const count = (n: number): string => n.toLocaleString('en');
