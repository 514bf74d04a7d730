import type { KubeClient } from './client';
import { guardWrites } from './guard';

const client: KubeClient = {
  request: (method) => Promise.resolve(`did ${method}`),
  stream: () => (async function* () {})(),
};

describe('guarded writes', () => {
  it('pass while allowed, and are refused from the moment they are not', async () => {
    let allowed = true;
    const guarded = guardWrites(client, () => allowed);
    expect(await guarded.request('PUT', '/x')).toBe('did PUT');
    allowed = false;
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      await expect(guarded.request(method, '/x')).rejects.toMatchObject({ code: 0, reason: 'NotAllowed' });
    }
  });

  it('leave reads alone', async () => {
    const guarded = guardWrites(client, () => false);
    expect(await guarded.request('GET', '/x')).toBe('did GET');
    expect(await Array.fromAsync(guarded.stream('/x', { signal: new AbortController().signal }))).toEqual([]);
  });
});
