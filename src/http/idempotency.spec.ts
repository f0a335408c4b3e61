import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { idempotentRequestOf, hashJson, parseIdempotencyKey } from './idempotency';

const UUID = '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f';

describe('parseIdempotencyKey', () => {
  it.each([
    [UUID, UUID],
    [`"${UUID}"`, UUID],
    ['a', 'a'],
    ['"a"', 'a'],
    ['a b', 'a b'],
    ['"a b"', 'a b'],
    ['~!', '~!'],
    ['a'.repeat(255), 'a'.repeat(255)],
    [`"${'a'.repeat(255)}"`, 'a'.repeat(255)],
  ])('reads %j as %j', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it.each([
    [String.raw`"a\"b"`, 'a"b'],
    [String.raw`"a\\b"`, String.raw`a\b`],
    [String.raw`"\\\""`, String.raw`\"`],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('takes the escapes out of the quoted %j', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it.each(['"', '"a', 'a"', 'a"b', 'a\\b', '"a"b"', '"a";x=1', '"a\\b"', '"a\\"'])(
    'takes %j, which is no quoted string, as it is',
    (header) => {
      expect(parseIdempotencyKey(header)).toBe(header);
    },
  );

  it.each(['', '""', 'a\tb', 'a\nb', 'a\0', '\x7f', 'é', '"é"', '𝄞', 'a'.repeat(256), `"${'a'.repeat(256)}"`])(
    'refuses %j',
    (header) => {
      expect(parseIdempotencyKey(header)).toBeUndefined();
    },
  );

  it('takes no longer for a hostile header than for any other', () => {
    const start = performance.now();
    for (const part of ['"', '\\', '\\"', '"\\']) parseIdempotencyKey(`"${part.repeat(8192)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('hashJson', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'null'],
    [1.5, '1.5'],
    ['a"b', String.raw`"a\"b"`],
    [true, 'true'],
    [[], '[]'],
    [[1, [2], 'x'], '[1,[2,],"x",]'],
    [{}, '{}'],
    [{ b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[],},"b":1,}'],
    [[undefined], '[null,]'],
  ])('hashes %j, with its members in order', (value, text) => {
    expect(hashJson(value).toString('hex')).toBe(sha256(text));
  });

  it('goes as deep as a body may', () => {
    const depth = 100_000;
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = [value];
    expect(hashJson(value).toString('hex')).toBe(sha256(`${'['.repeat(depth)}1${',]'.repeat(depth)}`));
  });
});

describe('idempotentRequestOf', () => {
  const request = (changes: object = {}) =>
    ({
      method: 'PATCH',
      headers: { 'idempotency-key': '"k"' },
      params: { id: 'ABC' },
      routeOptions: { url: '/api/customers/:id' },
      query: { dry_run: false },
      body: { first_name: 'Jane', last_name: 'Doe' },
      ...changes,
    }) as unknown as FastifyRequest;
  const fingerprint = (changes?: object) => idempotentRequestOf(request(changes))?.fingerprint.toString('hex');

  it('is of a request with a key, by its method, and its path with ids in lower case', () => {
    expect(idempotentRequestOf(request())).toMatchObject({ key: 'k', method: 'PATCH', path: '/api/customers/abc' });
    expect(idempotentRequestOf(request({ headers: {} }))).toBeUndefined();
  });

  it.each([
    ['the order of members', { body: { last_name: 'Doe', first_name: 'Jane' } }],
    ['a parameter that is false', { query: {} }],
    ['a form of the key', { headers: { 'idempotency-key': 'k' } }],
  ])('does not depend on %s', (_, changes) => {
    expect(fingerprint(changes)).toBe(fingerprint());
  });

  it.each([
    ['a value', { body: { first_name: 'Jane', last_name: 'Roe' } }],
    ['a parameter', { query: { dry_run: true } }],
    ['the key', { headers: { 'idempotency-key': 'l' } }],
    ['If-Match', { headers: { 'idempotency-key': 'k', 'if-match': '"1"' } }],
  ])('depends on %s', (_, changes) => {
    expect(fingerprint(changes)).not.toBe(fingerprint());
  });
});
