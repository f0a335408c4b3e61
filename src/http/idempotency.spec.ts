import { parseIdempotencyKey } from './idempotency';

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
