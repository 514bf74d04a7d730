// A pod goes on sending over connections that were open before a new rule, as a NetworkPolicy makes it, drops their packets.
import { inFixture } from '../../../stand/memory/inFixture';
import { ruleBoundMs, type RuleStop, shapes, stopByRule } from '../../../../ebpf/tests/newRule';
import { type Attack, brokenBy } from '../attack';

export const newRule: Attack = {
  name: 'a connection that goes on after a rule that drops its packets',
  attacker: 'pod',
  needs: 'root',
  before:
    'a connection that takes turns went on for 0.25 to 2.5 s by the kernel’s HZ, one with longer messages for up to 40 s; idle and one-sided ones had no bound',
  run: async (_stage, size) => {
    const stopped: (RuleStop & { readonly words: string })[] = [];
    for (const { words, shape, bytes } of size === 'full' ? shapes : shapes.slice(0, 1)) {
      stopped.push({ words, ...(await inFixture((f) => stopByRule(f, shape, bytes))) });
    }
    // On a connection that was idle when the rule came, no byte came after the rule.
    const after = ({ lateMs }: RuleStop): number => Math.max(0, Math.round(lateMs));
    return {
      cost: `${stopped.length} open connections of one pod`,
      now: `the last byte came ${stopped.map((each) => `${after(each)} ms (${each.words})`).join(', ')} after the rule`,
      figures: Object.fromEntries(stopped.map((each) => [`lateMsOf_${each.shape}_${each.bytes}`, after(each)])),
      broken: brokenBy(
        ...stopped.map((each): [boolean, string] => [
          each.lateMs > ruleBoundMs,
          `a connection ${each.words} went on for more than ${ruleBoundMs} ms`,
        ]),
        ...stopped.map((each): [boolean, string] => [
          each.redirected <= 20 * each.bytes,
          `a connection ${each.words} was hardly redirected: this proves nothing`,
        ]),
      ),
    };
  },
};
