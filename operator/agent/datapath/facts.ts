// Kernel facts: what a trial of redirection (trial.ts) finds out about a kernel, and what the agent assumes without a trial. Pure functions.
import type { Btf } from './btf';
import { enumerators } from './codec';
import type { ReaderTrait } from './contract';

/** Members of struct kernel_features in ebpf/abi.h. */
export type Facts = Readonly<{
  /** Which queues ioctl(FIONREAD) counts: a sum of the bits of enum fionread, or 0 where that is not known. */
  fionread: number;
  /** 1 where the kernel may refuse a redirect because the receiver's buffer is full. */
  rcvbuf_refuses: number;
}>;

/** Any doubt means TCP: nothing is redirected to readers that ask FIONREAD, nor into a full buffer. */
export const unknownFacts: Facts = { fionread: 0, rcvbuf_refuses: 1 };
export const unknownMeans = 'programs that ask FIONREAD stay on TCP, and so does what would fill a receiver’s buffer';

/** The numbers of enum fionread. A trial sends as many bytes to each queue, so that the answer of FIONREAD is a sum of these bits. */
export interface FionreadBits {
  readonly tcp: number;
  readonly redirected: number;
}

/** @throws where the BTF of the object lacks them */
export function fionreadBits(btf: Btf): FionreadBits {
  const bits = enumerators(btf, 'fionread', 'FIONREAD_');
  const [tcp, redirected] = [bits.get('TCP'), bits.get('REDIRECTED')];
  if (tcp === undefined || redirected === undefined) throw new Error('read BTF: enum fionread lacks a queue; the object is of another version');
  return { tcp, redirected };
}

/** The bits that an answer of FIONREAD is the sum of. @throws where it is no such sum */
export function countedQueues(answer: number, { tcp, redirected }: FionreadBits): number {
  if ([tcp, redirected, tcp + redirected].includes(answer)) return answer;
  throw new Error(`FIONREAD answers ${answer} for ${tcp} bytes over TCP and ${redirected} redirected`);
}

/** The traits of readers that have to be known: splice(2) on every kernel, FIONREAD where it does not count both queues. */
export function traitsToWatch({ fionread }: Facts, { tcp, redirected }: FionreadBits): readonly ReaderTrait[] {
  return fionread === tcp + redirected ? ['splices'] : ['splices', 'counts'];
}
