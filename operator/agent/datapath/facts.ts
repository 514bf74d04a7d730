// What a trial of redirection (trial.ts) can say of a kernel, and what is taken for true where there was none. Pure.
import type { Btf } from './btf';
import { enumerators } from './codec';
import type { ReaderTrait } from './contract';

/** Members of struct offers in ebpf/abi.h. */
export type Facts = Readonly<{
  /** Sum of the bits of enum fionread: which queues ioctl(FIONREAD) counts; 0 where that is not known. */
  fionread: number;
  /** 1 where a redirect may be refused because the receiver's buffer is full. */
  rcvbuf_refuses: number;
}>;

/** On any doubt TCP: nobody who asks FIONREAD is redirected into, and nothing into a full buffer. */
export const unknownFacts: Facts = { fionread: 0, rcvbuf_refuses: 1 };
export const unknownMeans = 'programs that ask FIONREAD stay on TCP, and so does what would fill a receiver’s buffer';

/** The numbers of enum fionread. A trial sends as many bytes each way, so that an answer is the sum of its bits. */
export interface FionreadBits {
  readonly tcp: number;
  readonly redirected: number;
}

/** Throws where the object's BTF has none. */
export function fionreadBits(btf: Btf): FionreadBits {
  const bits = enumerators(btf, 'fionread', 'FIONREAD_');
  const [tcp, redirected] = [bits.get('TCP'), bits.get('REDIRECTED')];
  if (tcp === undefined || redirected === undefined) throw new Error('read BTF: enum fionread lacks a queue; the object is of another version');
  return { tcp, redirected };
}

/** Which bits an answer of FIONREAD is the sum of. Throws where it is none. */
export function countedQueues(answer: number, { tcp, redirected }: FionreadBits): number {
  if ([tcp, redirected, tcp + redirected].includes(answer)) return answer;
  throw new Error(`FIONREAD answers ${answer} for ${tcp} bytes over TCP and ${redirected} redirected`);
}

/** What has to be known of programs: how they splice on every kernel, and FIONREAD where it does not count the whole. */
export function traitsToWatch({ fionread }: Facts, { tcp, redirected }: FionreadBits): readonly ReaderTrait[] {
  return fionread === tcp + redirected ? ['splices'] : ['splices', 'counts'];
}
