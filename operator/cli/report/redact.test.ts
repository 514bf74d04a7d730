import { redacted, redactedObject, redactedText } from './redact';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl';
const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';

describe('a text', () => {
  it.each([
    ['a token', `refused ${jwt} of node1`, `refused ${redacted} of node1`],
    ['a private key', `read ${key} from disk`, `read ${redacted} from disk`],
    ['a private key that was cut off', 'read -----BEGIN PRIVATE KEY-----\nMHcC', `read ${redacted}`],
    ['an Authorization header', 'authorization: Bearer abcdefgh12345', `authorization: Bearer ${redacted}`],
    ['the user of an address', 'proxy http://me:hunter2@proxy:3128 is away', `proxy http://${redacted}@proxy:3128 is away`],
    ['a token after other characters of its alphabet', `token_${jwt}.more`, `token_${redacted}.more`],
    ['two tokens', `${jwt} ${jwt}`, `${redacted} ${redacted}`],
    ['a password after spaces', 'password   :   hunter2', `password   :   ${redacted}`],
    ['a password in JSON', '{"password":"hunter2","user":"me"}', `{"password":"${redacted}","user":"me"}`],
    ['a password in a command line', 'mysql --password=hunter2 shop', `mysql --password=${redacted} shop`],
  ])('has %s redacted and nothing else', (_what, text, expected) => {
    expect(redactedText(text)).toBe(expected);
  });

  it.each([
    'agent of node1: order 1780000000000 is in force',
    'https://10.0.0.1:6443 cannot be reached',
    'the token of node1 is of another audience',
    'eyJhbGciOiJSUzI1NiJ9 alone',
    'node-1.example.com and eyJ.a.b',
  ])('without a secret is unchanged: %s', (text) => {
    expect(redactedText(text)).toBe(text);
  });
});

describe('a text of 1 MiB', () => {
  const filled = (pattern: string): string => pattern.repeat(Math.ceil(2 ** 20 / pattern.length));

  it.each([
    ['spaces', filled(' ')],
    ['a name of a secret and spaces', `token${filled(' ')}`],
    ['a name of a secret, a sign and spaces', `token=${filled(' ')}`],
    ['names of secrets', filled('token ')],
    ['beginnings of tokens', filled('eyJ')],
    ['tokens without an end', filled('eyJaaaaaaaaaaa.')],
    ['dots', filled('.')],
    ['words', filled('a ')],
    ['beginnings of keys', filled('-----BEGIN ')],
    ['ends of keys', `-----BEGIN PRIVATE KEY-----${filled('-----END A')}`],
    ['a long kind of key', `-----BEGIN ${filled('PRIVATE KEY ')}`],
    ['headers', filled('bearer ')],
    ['addresses', filled('://a:')],
    ['an address without an end', `://a:${filled('b')}`],
    ['dashes', filled('-')],
  ])('of %s is redacted in less than a second', (_what, text) => {
    // Time of the processor, because other programs may run meanwhile.
    const began = process.cpuUsage();
    redactedText(text);
    redactedObject({ data: { a: text } });
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });
});

describe('an object', () => {
  it('has the values of variables redacted whose names look like those of secrets', () => {
    const env = [
      { name: 'DB_PASSWORD', value: 'hunter2' },
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } },
    ];
    expect(redactedObject({ spec: { containers: [{ env }] } })).toEqual({
      spec: { containers: [{ env: [{ name: 'DB_PASSWORD', value: redacted }, env[1], env[2]] }] },
    });
  });

  it('of kind Secret has all values redacted', () => {
    expect(redactedObject({ kind: 'Secret', data: { 'tls.key': 'AAAA' }, stringData: { a: 'b' }, type: 'Opaque' })).toEqual({
      kind: 'Secret',
      data: { 'tls.key': redacted },
      stringData: { a: redacted },
      type: 'Opaque',
    });
  });

  it('loses managedFields and last-applied-configuration, which may contain a secret', () => {
    const metadata = {
      name: 'a',
      managedFields: [{ manager: 'x' }],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"password":"x"}', other: '1' },
    };
    expect(redactedObject({ metadata })).toEqual({ metadata: { name: 'a', annotations: { other: '1' } } });
  });

  it('has tokens redacted in all its texts', () => {
    expect(redactedObject({ status: { message: [`got ${jwt}`, 1, null, true] } })).toEqual({
      status: { message: [`got ${redacted}`, 1, null, true] },
    });
  });
});
