import { apiRefusalOf, headersWith, newSecret, originsOf, refusalOf } from './guard';

const port = 4321;
const secret = newSecret();
const own = { host: `127.0.0.1:${port}` };
const signed = { ...own, authorization: `Bearer ${secret}` };

describe('a request', () => {
  it.each([
    ['the address that was printed', own],
    ['its other name', { host: `localhost:${port}` }],
    ['a browser that says where it comes from', { ...own, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }],
    ['an address typed by hand', { ...own, 'sec-fetch-site': 'none' }],
  ])('under %s is answered', (_what, headers) => {
    expect(refusalOf({ method: 'GET', headers }, port)).toBeUndefined();
  });

  it.each([
    ['a foreign name that leads here', { host: 'evil.example' }, 'a foreign name'],
    ['a foreign name with the right port', { host: `evil.example:${port}` }, 'a foreign name'],
    ['another port', { host: '127.0.0.1:80' }, 'a foreign name'],
    ['no name', {}, 'a foreign name'],
    ['another site', { ...own, origin: 'https://evil.example' }, 'another site'],
    ['another page of this machine', { ...own, origin: 'http://localhost:8080' }, 'another site'],
    ['an origin that is hidden', { ...own, origin: 'null' }, 'another site'],
    ['another site that hides its origin', { ...own, 'sec-fetch-site': 'cross-site' }, 'another site'],
    ['another port of this machine', { ...own, 'sec-fetch-site': 'same-site' }, 'another site'],
  ])('from %s is refused', (_what, headers, words) => {
    expect(refusalOf({ method: 'GET', headers }, port)).toMatchObject({ status: 403, why: expect.stringContaining(words) });
  });

  it.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('by %s is refused', (method) => {
    expect(refusalOf({ method, headers: own }, port)).toMatchObject({ status: 405 });
  });
});

describe('what shows or changes the cluster', () => {
  it('is for who has the secret of this launch', () => {
    expect(apiRefusalOf({ method: 'GET', headers: signed }, secret)).toBeUndefined();
  });

  it.each([[undefined], [''], [`Bearer ${newSecret()}`], [secret], [`Bearer ${secret}x`], [`bearer ${secret}`]])('is for nobody with %p', (authorization) => {
    expect(apiRefusalOf({ method: 'GET', headers: { ...own, ...(authorization === undefined ? {} : { authorization }) } }, secret)).toMatchObject({ status: 401 });
  });

  const change = { ...signed, origin: originsOf(port)[0], 'content-type': 'application/json' };
  it.each([
    ['from nowhere', { ...change, origin: undefined }, 403],
    ['as a form sends it', { ...change, 'content-type': 'text/plain' }, 415],
    ['without a type', { ...change, 'content-type': undefined }, 415],
  ])('is not changed %s', (_what, headers, status) => {
    expect(apiRefusalOf({ method: 'POST', headers }, secret)).toMatchObject({ status });
  });

  it('is changed from the page', () => {
    expect(apiRefusalOf({ method: 'POST', headers: change }, secret)).toBeUndefined();
  });
});

it('every launch has a secret of its own, too long to be guessed', () => {
  const secrets = new Set(Array.from({ length: 100 }, newSecret));
  expect(secrets.size).toBe(100);
  for (const each of secrets) expect(Buffer.from(each, 'base64url')).toHaveLength(32);
});

it('the policy of the page allows nothing inline but the scripts that are named, and nothing from elsewhere', () => {
  const policy = headersWith(['sha256-abc'])['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self' 'sha256-abc'; style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});
