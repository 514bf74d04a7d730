// Every known difference of an accelerated connection, and every connection that is deliberately left on TCP. A result that
// is not declared here fails the run, and so does a declaration that no result bears out any more.
import type { FamilyName, PathName } from './paths';
import type { Result } from './verdict';

export interface Declaration {
  readonly case: string;
  readonly result: Exclude<Result, 'same'>;
  /** Of a refusal, the datapath's reasons it may name. */
  readonly reasons?: readonly string[];
  /** Where it holds; everywhere unless told. */
  readonly paths?: readonly PathName[];
  readonly families?: readonly FamilyName[];
  /** It may be absent, because it hangs on timing or on the kernel. */
  readonly optional?: true;
  /** Why it is so, and what to do about it. */
  readonly why: string;
}

export const declarations: readonly Declaration[] = [
  {
    case: 'blocking',
    result: 'refused',
    reasons: ['BlockingReader'],
    why: 'The kernel does not wake a reader that sleeps in recv() for redirected bytes, so a blocking reader stays on TCP.',
  },
];
