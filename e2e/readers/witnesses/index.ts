// Every witness, in the order of the page.
import type { Witness } from '../witness';
import { tokio } from './tokio';

export const witnesses: readonly Witness[] = [tokio];
