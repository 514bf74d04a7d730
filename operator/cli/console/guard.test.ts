import { apiRefusalOf, headersWith, newSecret, originsOf, refusalOf } from './guard';

const port = 4321;
const secret = newSecret();
const own = { host: `127.0.0.1:${port}` };
const signed = { ...own, authorization: `Bearer ${secret}` };

describe('a request', () => {
  it.each([
    ['to the printed address', own],
    ['to localhost', { host: `localhost:${port}` }],
    ['with the origin of the page', { ...own, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }],
    ['of an address that the user typed', { ...own, 'sec-fetch-site': 'none' }],
  ])('%s is answered', (_what, headers) => {
    expect(refusalOf({ method: 'GET', headers }, port)).toBeUndefined();
  });

  it.each([
    ['with another host name', { host: 'evil.example' }, 'the Host header'],
    ['with another host name and this port', { host: `evil.example:${port}` }, 'the Host header'],
    ['with another port', { host: '127.0.0.1:80' }, 'the Host header'],
    ['without a host', {}, 'the Host header'],
    ['with the origin of another site', { ...own, origin: 'https://evil.example' }, 'another site'],
    ['with the origin of another local port', { ...own, origin: 'http://localhost:8080' }, 'another site'],
    ['with the opaque origin null', { ...own, origin: 'null' }, 'another site'],
    ['of another site, without an origin', { ...own, 'sec-fetch-site': 'cross-site' }, 'another site'],
    ['of another local port, without an origin', { ...own, 'sec-fetch-site': 'same-site' }, 'another site'],
  ])('%s is refused', (_what, headers, words) => {
    expect(refusalOf({ method: 'GET', headers }, port)).toMatchObject({ status: 403, why: expect.stringContaining(words) });
  });

  it.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('with the method %s is refused', (method) => {
    expect(refusalOf({ method, headers: own }, port)).toMatchObject({ status: 405 });
  });
});

describe('a request to /api', () => {
  it('with the secret of this launch is answered', () => {
    expect(apiRefusalOf({ method: 'GET', headers: signed }, secret)).toBeUndefined();
  });

  it.each([[undefined], [''], [`Bearer ${newSecret()}`], [secret], [`Bearer ${secret}x`], [`bearer ${secret}`]])(
    'with the authorization %p is refused',
    (authorization) => {
      expect(apiRefusalOf({ method: 'GET', headers: { ...own, ...(authorization === undefined ? {} : { authorization }) } }, secret)).toMatchObject({
        status: 401,
      });
    },
  );

  const change = { ...signed, origin: originsOf(port)[0], 'content-type': 'application/json' };
  it.each([
    ['without an origin', { ...change, origin: undefined }, 403],
    ['with the content type of a form', { ...change, 'content-type': 'text/plain' }, 415],
    ['without a content type', { ...change, 'content-type': undefined }, 415],
  ])('that changes the cluster is refused %s', (_what, headers, status) => {
    expect(apiRefusalOf({ method: 'POST', headers }, secret)).toMatchObject({ status });
  });

  it('that changes the cluster is answered when it comes from the page', () => {
    expect(apiRefusalOf({ method: 'POST', headers: change }, secret)).toBeUndefined();
  });
});

it('each launch has a different secret of 32 bytes', () => {
  const secrets = new Set(Array.from({ length: 100 }, newSecret));
  expect(secrets.size).toBe(100);
  for (const each of secrets) expect(Buffer.from(each, 'base64url')).toHaveLength(32);
});

it('the content security policy allows only the listed inline scripts and files of this server', () => {
  const policy = headersWith(['sha256-abc'])['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self' 'sha256-abc'; style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});
