// A user with the right to watch connections in one namespace opens as many watches as the API server allows.
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { ApiServer } from '../../../stand/api/apiServer';
import { type Attack, brokenBy } from '../attack';

const path = '/apis/live.acceleration.dev/v1alpha1/namespaces/shop/connections?watch=true&timeoutSeconds=60';
const namespace = 'shop';
const role = 'sidecar-acceleration-view';
/** Places for watches of one user; for all users together there are twice as many. */
const allowed = 4;

export const liveWatches: Attack = {
  name: 'more live watches of one user than there are places',
  attacker: 'namespace admin',
  before: 'one user could have all eight places for watches, and everybody else got 429',
  run: async (stage, size) => {
    const { server } = (await stage.controller()).bench;
    const tries = size === 'full' ? 100 : 20;
    const users = ['grabber', 'other'] as const;
    const open: IncomingMessage[] = [];
    const codesOf = async (user: string, n: number): Promise<number[]> => {
      const token = await tokenOf(server);
      const answers = await Promise.all(Array.from({ length: n }, () => watch(server.url, token, user)));
      open.push(...answers);
      return answers.map(({ statusCode = 0 }) => statusCode);
    };
    const opened = (codes: readonly number[]): number => codes.filter((code) => code === 200).length;
    try {
      for (const user of users) await done(server, 'create', 'rolebinding', user, '-n', namespace, `--clusterrole=${role}`, `--user=${user}`);
      const own = await codesOf('grabber', tries);
      const others = opened(await codesOf('other', allowed));
      const refused = own.filter((code) => code === 429).length;
      return {
        cost: `${tries} watches of one user`,
        now: `${opened(own)} of them were opened and ${refused} refused with 429; ${others} of ${allowed} watches of another user were opened beside them`,
        figures: { watches: tries, opened: opened(own), refused, othersOpened: others },
        broken: brokenBy(
          [opened(own) > allowed, `more than ${allowed} were opened`],
          [opened(own) + refused !== tries, `watches were answered with ${[...new Set(own)].join(', ')}`],
          [others < allowed, 'another user found no place'],
        ),
      };
    } finally {
      for (const answer of open) answer.destroy();
      for (const user of users) await server.kubectl(['delete', 'rolebinding', user, '-n', namespace]);
    }
  },
};

async function done(server: ApiServer, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(words);
  if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

function tokenOf(server: ApiServer): Promise<string> {
  return done(server, 'config', 'view', '--raw', '-o', 'jsonpath={.users[0].user.token}');
}

/** Resolves with the head of the answer; the watch stays open. With the administrator's token a request can impersonate any user. */
function watch(url: string, token: string, user: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'impersonate-user': user };
    const sent = request(`${url}${path}`, { headers, rejectUnauthorized: false, agent: false }, (answer) =>
      resolve(answer.on('error', () => undefined).resume()),
    );
    sent.once('error', reject);
    sent.end();
  });
}
