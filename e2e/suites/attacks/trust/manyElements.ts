// A node's agent sends messages that are small in bytes and large in memory: half a million elements of two bytes each.
import { elements, field } from '../../../../operator/protocol/heavy.testing';
import { agentPod, sayRaw } from '../../../stand/api/testAgent';
import { residentMiB } from '../../../stand/support/processUse';
import { type Attack, brokenBy } from '../attack';
import { probe } from '../ports/probes';
import { mostMiB, rounded } from '../ports/underCrowd';

const nothing = Buffer.alloc(0);
/** 1 MiB each: empty namespaces, empty reasons of one namespace, empty connections, empty events. */
const messages = [
  field(2, elements(field(4, nothing))),
  field(2, field(4, elements(field(6, nothing)))),
  field(4, elements(field(3, nothing))),
  field(4, elements(field(4, field(2, nothing)))),
];

export const manyElements: Attack = {
  name: 'messages of a node with half a million elements',
  attacker: 'node',
  before: 'one message of 1 MiB: the controller ended out of memory at its limit of 512 MiB',
  run: async (stage) => {
    const { bench } = await stage.controller();
    const { controller } = bench;
    await bench.create(agentPod('bomber', 'node2'));
    const [endpoint, token] = [await bench.endpoint(), await bench.podToken('bomber')];
    const before = residentMiB(controller.pid ?? 0).now;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, residentMiB(controller.pid ?? 0).now)), 20);
    try {
      const taken: string[] = [];
      const send = async (): Promise<void> => {
        for (const message of messages) {
          const { details } = await sayRaw(endpoint, token, message, true);
          if (!/: more than \d+$/.test(details)) taken.push(details);
        }
      };
      const [{ failed, slowestMs }] = await Promise.all([probe(controller.ports.http, '/healthz', 20, 50), send()]);
      return {
        cost: `the token of the agent of one node, ${messages.length} messages of 1 MiB`,
        now: `${messages.length - taken.length} of ${messages.length} were refused unread; ${failed.length} of 20 probes failed, the slowest took ${Math.round(slowestMs)} ms; ${rounded(most - before)} MiB more`,
        figures: {
          messages: messages.length,
          taken: taken.length,
          failedProbes: failed.length,
          slowestMs: Math.round(slowestMs),
          grownMiB: rounded(most - before),
        },
        broken: brokenBy(
          [!controller.running, 'the controller ended'],
          [taken.length > 0, `not refused for their elements: ${taken[0]}`],
          [failed.length > 0, `probes failed: ${failed[0]}`],
          [most - before > mostMiB, `more than ${mostMiB} MiB more`],
        ),
      };
    } finally {
      clearInterval(watch);
    }
  },
};
