import { foreignPeer, type SilentNode } from '../../api';
import { connectionWith, ScriptedAgent, watchedWith } from './live.testing';
import { agentsOf, type Answer, maxNodes, Questions } from './questions';

const shop = { namespace: 'shop', pod: '' };
let agents: ScriptedAgent[];
let questions: Questions;

beforeEach(() => {
  agents = [];
  questions = new Questions(() => agents, { answerMs: 40, lookAgainMs: 10 });
});

function add(node: string, answer?: Parameters<typeof watchedWith>[1]): ScriptedAgent {
  const agent = new ScriptedAgent(node, ({ id, cancel }) => {
    if (answer !== undefined && !cancel) setImmediate(() => questions.heard(node, watchedWith(id, answer)));
  });
  agents.push(agent);
  return agent;
}

describe('a request for a list', () => {
  test('is sent to the nodes with selected pods of the namespace, and to no other', async () => {
    const [one, other] = [add('node1', { connections: [connectionWith()] }), add('node2', {})];
    other.namespaces = ['bank'];
    const { answers, silent } = await questions.ask({ namespace: 'shop', pod: 'cart' }, 7);
    expect(answers[0]?.watched.connections).toHaveLength(1);
    expect(one.asked).toEqual([{ id: 1, namespace: 'shop', pod: 'cart', limit: 7, events: false, cancel: false }]);
    expect([answers.map(({ node }) => node), silent, other.asked]).toEqual([['node1'], [], []]);
  });

  test('is answered with the requested pods only, whatever an agent answers', async () => {
    const pods = ['shop/cart', 'shop/web', 'bank/cart'].map((each) => {
      const [namespace = '', name = ''] = each.split('/');
      return { namespace, name, open: 1, accelerated: 0, fastBytes: 0, tcpBytes: 0, rttUs: 0 };
    });
    add('node1', { connections: [connectionWith(), connectionWith({ namespace: 'bank' }), connectionWith({ pod: 'web' })], pods });
    const namesOf = async (scope: typeof shop): Promise<string[][]> => {
      const { answers } = await questions.ask(scope, 7);
      return answers.map(({ watched }) => [
        ...watched.connections.map(({ namespace, pod }) => `${namespace}/${pod}`),
        ...watched.pods.map(({ namespace, name }) => `${namespace}/${name}`),
      ]);
    };
    expect(await namesOf(shop)).toEqual([['shop/cart', 'shop/web', 'shop/cart', 'shop/web']]);
    expect(await namesOf({ namespace: 'shop', pod: 'cart' })).toEqual([['shop/cart', 'shop/cart']]);
  });

  test('keeps the connections that have sent the most of all nodes, about as many as were asked for, and counts the others', async () => {
    const nodes = [1, 2, 3, 4].map((node) => ({ node, sent: [node, 10 * node, 100 * node] }));
    for (const { node, sent } of nodes)
      add(`node${node}`, { omitted: 1, connections: sent.map((tcpBytes) => connectionWith({ fastBytes: 0, tcpBytes })) });
    const { answers } = await questions.ask(shop, 3);
    const kept = answers.flatMap(({ watched }) => watched.connections.map(({ tcpBytes }) => tcpBytes));
    expect(kept.length).toBeLessThanOrEqual(6);
    expect(kept).toEqual(expect.arrayContaining([400, 300, 200]));
    expect(answers.reduce((sum, { watched }) => sum + watched.omitted, 0)).toBe(4 + 12 - kept.length);
  });

  test('names a peer of another namespace only to those who ask about all namespaces', async () => {
    const peers = ['shop/web', '', 'bank/secret', 'shopping/cart', 'shop'];
    add('node1', { connections: peers.map((peer) => connectionWith({ peer })) });
    const peersOf = async (namespace: string): Promise<string[]> => {
      const { answers } = await questions.ask({ namespace, pod: '' }, 7);
      return answers.flatMap(({ watched }) => watched.connections.map(({ peer }) => peer));
    };
    expect(await peersOf('shop')).toEqual(['shop/web', '', foreignPeer, foreignPeer, foreignPeer]);
    expect(await peersOf('')).toEqual(peers);
  });

  test('has every node that did not answer, and why', async () => {
    add('node1', { connections: [connectionWith()] });
    add('node2');
    add('node3').answersWatch = false;
    add('node4').connected = false;
    add('node5', { problem: 'the kernel of this node cannot list single connections' });
    const gone = add('node6');
    const asked = questions.ask(shop, 7);
    setImmediate(() => questions.heard(gone.node, undefined));
    const { answers, silent } = await asked;
    expect(answers.map(({ node }) => node)).toEqual(['node1']);
    expect(Object.fromEntries(silent.map(({ name, message }) => [name, message]))).toEqual({
      node2: 'its agent has not answered within 0.04 s',
      node3: 'its agent is of an earlier release without live data',
      node4: 'its agent is not connected',
      node5: 'the kernel of this node cannot list single connections',
      node6: 'its agent has just disconnected',
    });
  });

  test('has agents that have not reported to this controller yet as nodes that did not answer', async () => {
    add('node1', {}).namespaces = undefined;
    const pods = ['node1', 'node2'].map((node) => ({ node, ready: true, leaving: false }));
    const others = [
      { node: 'node3', ready: false, leaving: false },
      { node: 'node4', ready: true, leaving: true },
    ];
    const whole = agentsOf(agents, [...pods, ...others]);
    questions = new Questions(() => whole, { answerMs: 40, lookAgainMs: 10 });
    const { answers, silent } = await questions.ask(shop, 7);
    expect([answers.map(({ node }) => node), silent]).toEqual([['node1'], [{ name: 'node2', message: 'its agent is not connected' }]]);
  });

  test('is answered at once when no node has pods of the namespace', async () => {
    expect(await questions.ask(shop, 7)).toEqual({ answers: [], silent: [] });
  });

  test('ends when its signal is aborted, and ignores later answers', async () => {
    const agent = add('node1');
    const over = new AbortController();
    const asked = questions.ask(shop, 7, over.signal);
    over.abort();
    const { answers, silent } = await asked;
    questions.heard('node1', watchedWith(agent.asked[0]?.id ?? 0));
    expect([answers, silent.map(({ name }) => name)]).toEqual([[], ['node1']]);
  });

  test('is sent to 200 nodes at most, and has the others as nodes that did not answer', async () => {
    for (let at = 0; at < maxNodes + 2; at += 1) add(`node${at}`, {});
    const { answers, silent } = await questions.ask({ namespace: '', pod: '' }, 0);
    expect([answers.length, silent]).toEqual([
      maxNodes,
      [maxNodes, maxNodes + 1].map((at) => ({ name: `node${at}`, message: 'a request reads 200 nodes at most; name a namespace' })),
    ]);
  });

  test('ignores answers to other requests and second answers', async () => {
    const agent = add('node1');
    add('node2');
    const asked = questions.ask(shop, 7);
    const [{ id } = { id: 0 }] = agent.asked;
    questions.heard('node1', watchedWith(id + 1));
    questions.heard('node9', watchedWith(id));
    questions.heard('node1', watchedWith(id));
    questions.heard('node1', watchedWith(id));
    const { answers, silent } = await asked;
    expect([answers.length, silent.map(({ name }) => name)]).toEqual([1, ['node2']]);
  });
});

describe('a request for events', () => {
  let heard: Answer[];
  let silent: SilentNode[];
  let stop: AbortController;
  beforeEach(() => {
    [heard, silent, stop] = [[], [], new AbortController()];
  });
  afterEach(() => stop.abort());
  const follow = (): void => questions.follow(shop, { onAnswer: (answer) => heard.push(answer), onSilent: (node) => silent.push(node) }, stop.signal);
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  test('passes every answer on, also of nodes that get pods later, until it is ended', async () => {
    const first = add('node1');
    follow();
    const [{ id } = { id: 0 }] = first.asked;
    questions.heard('node1', watchedWith(id, { last: false, events: [{ type: 'Opened', connection: connectionWith() }] }));
    const second = add('node2');
    await until(() => second.asked.length === 1);
    questions.heard('node2', watchedWith(id, { last: false }));
    expect(heard.map(({ node }) => node)).toEqual(['node1', 'node2']);
    stop.abort();
    expect([first.asked.at(-1), second.asked.at(-1)]).toMatchObject([
      { id, cancel: true },
      { id, cancel: true },
    ]);
    questions.heard('node1', watchedWith(id));
    expect(heard).toHaveLength(2);
  });

  test('passes events of the requested pods only', () => {
    const agent = add('node1');
    follow();
    const [{ id } = { id: 0 }] = agent.asked;
    questions.heard(
      'node1',
      watchedWith(id, {
        last: false,
        events: [connectionWith({ namespace: 'bank' }), connectionWith()].map((connection) => ({ type: 'Opened', connection })),
      }),
    );
    expect(heard.map(({ watched }) => watched.events.map(({ connection }) => connection.namespace))).toEqual([['shop']]);
  });

  test('does not name a peer of another namespace in an event', () => {
    const agent = add('node1');
    follow();
    const [{ id } = { id: 0 }] = agent.asked;
    const events = ['shop/web', 'bank/secret'].map((peer) => ({ type: 'Paired', connection: connectionWith({ peer }) }));
    questions.heard('node1', watchedWith(id, { last: false, events }));
    expect(heard.flatMap(({ watched }) => watched.events.map(({ connection }) => connection.peer))).toEqual(['shop/web', foreignPeer]);
  });

  test('reports a temporary problem once, and goes on with the node', () => {
    const agent = add('node1');
    follow();
    const [{ id } = { id: 0 }] = agent.asked;
    for (const problem of ['not yet', 'not yet', '']) questions.heard('node1', watchedWith(id, { last: false, problem }));
    expect([silent, heard.length]).toEqual([[{ name: 'node1', message: 'not yet' }], 1]);
    stop.abort();
    expect(agent.asked).toMatchObject([{ cancel: false }, { id, cancel: true }]);
  });

  test('reports a disconnected node once, and requests again when it is back or its time was over', async () => {
    const agent = add('node1');
    follow();
    const [{ id } = { id: 0 }] = agent.asked;
    agent.connected = false;
    questions.heard('node1', undefined);
    await until(() => silent.length === 2);
    agent.connected = true;
    await until(() => agent.asked.length === 2);
    questions.heard('node1', watchedWith(id, { last: true }));
    await until(() => agent.asked.length === 3);
    expect(silent.map(({ message }) => message)).toEqual(['its agent has just disconnected', 'its agent is not connected']);
  });
});
