// A node sends control characters that would reach the terminal of an administrator.
import { abilities } from '../../../../operator/protocol';
import { encodeFromAgent } from '../../../../operator/protocol/wire';
import { namespace } from '../../../stand/api/controllerProcess';
import { agentPod, sayRaw } from '../../../stand/api/testAgent';
import { type Attack, brokenBy } from '../attack';

const texts = ['\u001b[2J', '\u001b]0;title\u0007', '\u009b31m', 'a\nb', 'a\rb', '\u202e', '\u2066', '\u2028'];
const fields = ['agentVersion', 'kernel', 'architecture'] as const;

export const controlCharacters: Attack = {
  name: 'control characters and overrides of the direction in what an agent says of itself',
  attacker: 'node',
  before:
    'all were accepted: C1 and overrides stood in the controller’s log as they were, and escape sequences in a problem reached accelctl’s terminal',
  run: async (stage) => {
    const { bench } = await stage.controller();
    await bench.create(agentPod('scribe', 'node2'));
    try {
      const [endpoint, token] = [await bench.endpoint(), await bench.podToken('scribe')];
      let [tried, accepted] = [0, 0];
      for (const [at, text] of texts.entries()) {
        // two of the fields for each text, because a node is let in twenty times in a row and no more
        for (const field of fields.filter((_, place) => place !== at % fields.length)) {
          const hello = { agentVersion: '1', kernel: '6.18', architecture: 'x86_64', mapAbi: 1, ...abilities, [field]: text };
          const { details } = await sayRaw(endpoint, token, encodeFromAgent({ message: 'hello', hello }));
          tried += 1;
          if (!details.startsWith(`malformed message: hello.${field}`)) accepted += 1;
        }
      }
      const said = bench.controller.log.filter(({ message }) => texts.some((text) => message.includes(text))).length;
      return {
        cost: `the token of the agent of one node, ${tried} streams`,
        now: `${accepted} of ${tried} were accepted; ${said} lines of the log hold such a text`,
        figures: { tried, accepted, logLines: said },
        broken: brokenBy([accepted > 0, 'a text was accepted'], [said > 0, 'a text is in the log']),
      };
    } finally {
      await bench.kubectl(['delete', 'pod', 'scribe', '-n', namespace, '--grace-period=0', '--force']);
    }
  },
};
