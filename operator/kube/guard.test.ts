import type { KubeClient } from './client';
import { guardWrites, requestsUntil } from './guard';

const client: KubeClient = {
  request: (method) => Promise.resolve(`did ${method}`),
  stream: () => (async function* () {})(),
};

describe('guarded writes', () => {
  it('are sent while allowed, and refused from then on', async () => {
    let allowed = true;
    const guarded = guardWrites(client, () => allowed);
    expect(await guarded.request('PUT', '/x')).toBe('did PUT');
    allowed = false;
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      await expect(guarded.request(method, '/x')).rejects.toMatchObject({ code: 0, reason: 'NotAllowed' });
    }
  });

  it('are not sent when mayWrite becomes false between the request and its first byte', async () => {
    let allowed = true;
    const slow: KubeClient = {
      ...client,
      request: async (method, _path, options) => {
        allowed = false; // as after the process was stopped while the connection was established
        options?.beforeSending?.();
        return `did ${method}`;
      },
    };
    await expect(guardWrites(slow, () => allowed).request('PATCH', '/x')).rejects.toMatchObject({ code: 0, reason: 'NotAllowed' });
  });

  it('do not affect reads', async () => {
    const guarded = guardWrites(client, () => false);
    expect(await guarded.request('GET', '/x')).toBe('did GET');
    expect(await Array.fromAsync(guarded.stream('/x', { signal: new AbortController().signal }))).toEqual([]);
  });
});

describe('requests until a signal', () => {
  it('end with that signal, and with the request’s own', async () => {
    const hanging: KubeClient = {
      ...client,
      request: (_method, _path, options) => new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(new Error('ended')))),
    };
    for (const who of ['the lead', 'the caller']) {
      const [lead, own] = [new AbortController(), new AbortController()];
      const asked = requestsUntil(hanging, lead.signal).request('PATCH', '/x', { signal: own.signal });
      (who === 'the lead' ? lead : own).abort();
      await expect(asked).rejects.toThrow('ended');
    }
  });
});
