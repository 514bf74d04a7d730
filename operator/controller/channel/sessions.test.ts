// One agent for each node: which streams the controller accepts, and for how long it remembers a node's report.
import { type AgentSession, NotAuthenticated, type Order } from '../../protocol';
import { reportOf as report } from '../../protocol/channel.testing';
import { namespaceWith, orderWith } from '../agents/agents.testing';
import { AgentSessions } from './sessions';
import type { AgentIdentity } from './tokenReview';

const identityOf = (token: string): AgentIdentity => {
  const [node = '', podUid = ''] = token.split('/');
  return { node, podUid, pod: `pod-${podUid}`, token };
};
const order = (revision: number, namespaces: string[] = []): Order => ({ ...orderWith({ namespaces }), revision });

interface Open {
  readonly sent: number[];
  readonly closed: string[];
  readonly handlers: ReturnType<AgentSessions['open']>;
}

function setUp() {
  const valid = new Set<string>();
  const state = { now: 0 };
  const reviewer = {
    review: (token: string) => Promise.resolve(identityOf(token)),
    stillValid: ({ token }: AgentIdentity) => Promise.resolve(valid.has(token)),
  };
  const podsOn = (): Promise<Map<string, string[]>> => Promise.resolve(new Map());
  const sessions = new AgentSessions({ reviewer, podsOn, now: () => state.now, onChange: () => undefined, log: () => undefined });
  const open = (token: string): Open => {
    const sent: number[] = [];
    const closed: string[] = [];
    const session = {
      identity: identityOf(token),
      hello: { kernel: 'k', agentVersion: 'v' },
      send: (o: Order) => (sent.push(o.revision), 20 * o.namespaces.length),
      close: (why: string) => closed.push(why),
    };
    valid.add(token);
    return { sent, closed, handlers: sessions.open(session as unknown as AgentSession<AgentIdentity>) };
  };
  return { sessions, valid, state, open };
}

test('a second pod of a node is refused while the first is alive, and accepted when the first is deleted', async () => {
  const { sessions, valid, state, open } = setUp();
  open('node1/a');
  await expect(sessions.authenticate('node1/b')).rejects.toThrow('node node1 already has an agent: pod pod-a');
  valid.delete('node1/a');
  await expect(sessions.authenticate('node1/b')).rejects.toThrow('already has an agent'); // the first one's token has expired, but it reports
  state.now = 16_000;
  await expect(sessions.authenticate('node1/b')).resolves.toMatchObject({ podUid: 'b' });
});

test('no more than 16 tokens are reviewed at the same time', async () => {
  const { sessions } = setUp();
  const many = Array.from({ length: 10_100 }, (_, i) => sessions.authenticate(`node${i}/p${i}`));
  const results = await Promise.allSettled(many);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(16 + 10_000);
  await expect(sessions.authenticate('node700/p700')).resolves.toMatchObject({ node: 'node700' });
});

describe('wrong tokens', () => {
  function withReviews() {
    const reviewed: string[] = [];
    const review = (token: string): Promise<AgentIdentity> => {
      reviewed.push(token);
      return token.startsWith('wrong') ? Promise.reject(new NotAuthenticated('token refused: invalid')) : Promise.resolve(identityOf(token));
    };
    const sessions = new AgentSessions({
      reviewer: { review, stillValid: () => Promise.resolve(false) },
      podsOn: () => Promise.resolve(new Map()),
      now: () => performance.now(),
      onChange: () => undefined,
      log: () => undefined,
    });
    return { sessions, reviewed };
  }
  const from = (address: string) => ({ address, known: false, stepAside: () => undefined });

  test('are reviewed once, however often they are sent', async () => {
    const { sessions, reviewed } = withReviews();
    for (let each = 0; each < 20; each += 1)
      await expect(sessions.authenticate('wrong', undefined, from('10.0.0.7'))).rejects.toThrow('token refused: invalid');
    expect(reviewed).toEqual(['wrong']);
  });

  test('that differ cost few reviews of one address, and do not delay agents of other addresses', async () => {
    const { sessions, reviewed } = withReviews();
    const began = performance.now();
    const attack = Promise.allSettled(Array.from({ length: 500 }, (_, each) => sessions.authenticate(`wrong ${each}`, undefined, from('10.0.0.7'))));
    await expect(sessions.authenticate('node1/a', undefined, from('10.0.0.8'))).resolves.toMatchObject({ node: 'node1' });
    expect(performance.now() - began).toBeLessThan(500);
    expect((await attack).every(({ status }) => status === 'rejected')).toBe(true);
    expect(reviewed.length).toBeLessThanOrEqual(8 + 16 + 32 + 1);
  }, 20_000);

  test('delay an agent behind the same address for a while, and do not exclude it', async () => {
    const { sessions } = withReviews();
    await Promise.allSettled(Array.from({ length: 20 }, (_, each) => sessions.authenticate(`wrong ${each}`, undefined, from('10.0.0.7'))));
    await expect(sessions.authenticate('node1/a', undefined, from('10.0.0.7'))).resolves.toMatchObject({ node: 'node1' });
  });

  test('that an agent sends as fresh tokens do not make its address doubted', async () => {
    const { sessions, reviewed } = withReviews();
    for (let each = 0; each < 20; each += 1)
      await expect(sessions.authenticate(`wrong ${each}`, undefined, { ...from('10.0.0.7'), known: true })).rejects.toThrow(NotAuthenticated);
    const many = Array.from({ length: 16 }, (_, each) => sessions.authenticate(`node${each}/a`, undefined, from('10.0.0.7')));
    await Promise.race([Promise.all(many), new Promise((resolve) => setTimeout(resolve, 50))]);
    expect(reviewed).toHaveLength(20 + 16);
  });
});

test('a new term of leadership does not send the order of an earlier one', () => {
  const { sessions, open } = setUp();
  sessions.broadcast(order(5));
  sessions.forgetOrder();
  expect(open('node1/a').sent).toEqual([]);
});

test('the same pod may open another stream, which ends its old one', async () => {
  const { sessions, open } = setUp();
  const first = open('node1/a');
  await expect(sessions.authenticate('node1/a')).resolves.toMatchObject({ node: 'node1' });
  open('node1/a');
  expect(first.closed).toHaveLength(1);
});

test('an order is sent to every agent, also to one that connects later', () => {
  const { sessions, open } = setUp();
  const early = open('node1/a');
  sessions.broadcast(order(5));
  expect(early.sent).toEqual([5]);
  expect(open('node2/b').sent).toEqual([5]);
});

test('a long order is sent to a thousand agents in portions, and a newer order replaces it in between', async () => {
  const { sessions, open } = setUp();
  const all = Array.from({ length: 1000 }, (_, i) => open(`node${i}/p${i}`));
  const names = Array.from({ length: 1000 }, (_, i) => `squad-${i}`);
  sessions.broadcast(order(5, names));
  sessions.broadcast(order(6, [...names, 'one-more']));
  while (all.some(({ sent }) => sent.at(-1) !== 6)) await new Promise((resolve) => setImmediate(resolve));
  expect(all.filter(({ sent }) => sent.includes(5)).length).toBe(500);
});

test('reports of a replaced stream do not count', () => {
  const { sessions, open } = setUp();
  const first = open('node1/a');
  const second = open('node1/b');
  second.handlers.onReport(report(2));
  first.handlers.onReport(report(1));
  first.handlers.onClose('late');
  expect(sessions.states()).toMatchObject([{ node: 'node1', connected: true, report: { appliedOrder: 2 } }]);
});

test('the report of a node is kept while its agent is replaced, and dropped when no agent reconnects', () => {
  const { sessions, state, open } = setUp();
  const { handlers } = open('node1/a');
  handlers.onReport(report(3));
  handlers.onClose('restart');
  state.now = 60_000;
  expect(sessions.states()).toMatchObject([{ connected: false, ageMs: 60_000, report: { appliedOrder: 3 } }]);
  state.now = 121_000;
  expect(sessions.states()).toEqual([]);
});

test('a report counts for the node of the stream’s token, wherever the stream comes from', () => {
  const { sessions, open } = setUp();
  open('node2/b').handlers.onReport(report(7));
  const stolen = open('node1/a'); // the protocol has no field with the name of a node
  stolen.handlers.onReport(report(9));
  const applied = new Map(sessions.states().map((state) => [state.node, state.report?.appliedOrder]));
  expect(applied).toEqual(
    new Map([
      ['node2', 7],
      ['node1', 9],
    ]),
  );
});

test.each(['node2/a', 'node1/b'])('a stream ends when its fresh token is that of another agent (%s)', (token) => {
  const { handlers } = setUp().open('node1/a');
  expect(() => handlers.onIdentity?.(identityOf(token))).toThrow(/the fresh token belongs to pod/);
});

test('the latest token of an agent is reviewed when another pod of its node connects', async () => {
  const { sessions, valid, state, open } = setUp();
  const { handlers } = open('node1/a');
  handlers.onIdentity?.({ ...identityOf('node1/a'), token: 'fresh' });
  state.now = 16_000;
  valid.delete('node1/a');
  valid.add('fresh');
  await expect(sessions.authenticate('node1/b')).rejects.toThrow('already has an agent');
  valid.delete('fresh');
  await expect(sessions.authenticate('node1/b')).resolves.toMatchObject({ podUid: 'b' });
});

test('a report counts as far as the node’s pods at the API server confirm it', async () => {
  const changes: string[] = [];
  const reviewer = { review: (token: string) => Promise.resolve(identityOf(token)), stillValid: () => Promise.resolve(true) };
  const podsOn = (node: string): Promise<Map<string, string[]>> => Promise.resolve(new Map(node === 'node1' ? [['shop', ['cart']]] : []));
  const sessions = new AgentSessions({ reviewer, podsOn, now: () => 0, onChange: (node) => changes.push(node), log: () => undefined });
  sessions.broadcast(order(1, ['shop']));
  for (const token of ['node1/a', 'node2/b']) {
    const session = {
      identity: identityOf(token),
      hello: { kernel: 'k', agentVersion: 'v', live: true },
      send: () => 0,
      close: () => undefined,
      watch: () => undefined,
    };
    sessions.open(session as unknown as AgentSession<AgentIdentity>).onReport({ ...report(1), namespaces: [namespaceWith({ podsSelected: 1 })] });
  }
  expect(sessions.states()).toMatchObject([
    { checked: false, report: { namespaces: [] } },
    { checked: false, report: { namespaces: [] } },
  ]);
  expect(sessions.liveAgents().map(({ namespaces }) => namespaces)).toEqual([undefined, undefined]);
  changes.length = 0;
  await new Promise((resolve) => setImmediate(resolve));
  expect(changes.sort()).toEqual(['node1', 'node2']);
  expect(sessions.states()).toMatchObject([
    { checked: true, report: { namespaces: [{ name: 'shop' }] } },
    { checked: true, report: { namespaces: [] } },
  ]);
  expect(sessions.liveAgents().map(({ namespaces }) => namespaces)).toEqual([['shop'], []]);
});

describe('an agent that comes again and again with a good token', () => {
  test('is refused without a review of its token, and is not held against its address', async () => {
    const lines: string[] = [];
    const reviewed: string[] = [];
    const sessions = new AgentSessions({
      reviewer: { review: (token) => (reviewed.push(token), Promise.resolve(identityOf(token))), stillValid: () => Promise.resolve(true) },
      podsOn: () => Promise.resolve(new Map()),
      now: () => 0,
      onChange: () => undefined,
      log: (_level, line) => lines.push(line),
    });
    const source = { address: '10.0.0.7', known: false, stepAside: () => undefined };
    const comes = (token: string): Promise<boolean> =>
      sessions.authenticate(token, undefined, source).then(
        () => true,
        () => false,
      );
    const results: boolean[] = [];
    for (let each = 0; each < 100; each += 1) results.push(await comes('node1/a'));
    expect(results.filter(Boolean)).toHaveLength(20);
    expect(reviewed).toHaveLength(21);
    expect(await comes('node2/b')).toBe(true);
    const session = { identity: identityOf('node1/a'), hello: { kernel: 'k', agentVersion: 'v' }, close: () => undefined };
    for (let each = 0; each < 20; each += 1) sessions.open(session as unknown as AgentSession<AgentIdentity>).onClose('gone');
    expect(lines.filter((line) => line.includes('connected'))).toHaveLength(2);
  });

  test('a token that waits among those of doubted addresses gives its place back', async () => {
    let aside = 0;
    const sessions = new AgentSessions({
      reviewer: { review: () => Promise.reject(new NotAuthenticated('token refused: invalid')), stillValid: () => Promise.resolve(true) },
      podsOn: () => Promise.resolve(new Map()),
      now: () => performance.now(),
      onChange: () => undefined,
      log: () => undefined,
    });
    const source = { address: '10.0.0.7', known: false, stepAside: () => (aside += 1) };
    for (let each = 0; each < 12; each += 1) await sessions.authenticate(`wrong ${each}`, undefined, source).catch(() => undefined);
    expect(aside).toBe(3);
  });
});
