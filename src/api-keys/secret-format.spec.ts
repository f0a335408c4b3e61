import { crc32 } from 'node:zlib';
import {
  fromBase62,
  generateKey,
  generateSecret,
  hashSecret,
  isKey,
  isSecret,
  toBase62,
  visiblePrefix,
} from './secret-format';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('The format of a key', () => {
  const keys = Array.from({ length: 200 }, generateKey);

  it('is the prefix, 42 random characters and a checksum of six', () => {
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatch(/^sk_live_[0-9A-Za-z]{48}$/);
      const value = [...key.slice(-6)].reduce((sum, digit) => sum * 62 + DIGITS.indexOf(digit), 0);
      expect(value).toBe(crc32(key.slice(0, -6)));
    }
  });

  it('uses all of its alphabet', () => {
    expect(new Set(keys.map((key) => key.slice(8, 50)).join('')).size).toBe(62);
  });

  it('pads the checksum with zeros', () => {
    // CRC-32 of what precedes "000jF7" is 173917.
    expect(isKey(`sk_live_${'0'.repeat(38)}9422000jF7`)).toBe(true);
  });

  it('is known by its checksum: no changed or swapped character passes', () => {
    for (const key of keys) {
      expect(isKey(key)).toBe(true);
      for (let i = 8; i < key.length; i++) {
        const other = key[i] === 'a' ? 'b' : 'a';
        expect(isKey(key.slice(0, i) + other + key.slice(i + 1))).toBe(false);
      }
      const swapped = key.slice(0, 20) + key[21] + key[20] + key.slice(22);
      expect(isKey(swapped)).toBe(swapped === key);
    }
  });

  it.each(['', 'sk_live_', 'SK_LIVE_' + 'a'.repeat(48), `${keys[0]}\n`, ` ${keys[0]}`])('is not that of %j', (text) => {
    expect(isKey(text)).toBe(false);
  });

  it('shows four characters and stores a SHA-256', () => {
    expect(visiblePrefix('sk_live_abcdefgh')).toBe('sk_live_abcd');
    expect(hashSecret('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('is not that of a text with the right checksum alone', () => {
    const ended = (text: string) => text + toBase62(BigInt(crc32(text)), 6);
    const random = 'a'.repeat(42);
    expect(isKey(ended(`sk_live_${random}`))).toBe(true);
    for (const text of [
      `sk_test_${random}`,
      `sk_live_${random}a`,
      `sk_live_${random.slice(1)}`,
      `sk_live_${random.slice(1)}-`,
    ])
      expect(isKey(ended(text))).toBe(false);
  });
});

describe('A secret with a payload', () => {
  it('has it at its beginning, and the length of every other', () => {
    const secret = generateSecret('ps_', toBase62(123n, 11));
    expect(secret).toMatch(/^ps_0000000001z[0-9A-Za-z]{37}$/);
    expect([isSecret('ps_', secret), isSecret('sk_', secret)]).toEqual([true, false]);
    expect(fromBase62(secret.slice(3, 14))).toBe(123n);
  });

  it.each([0n, 1n, 61n, 62n, 3843n, 2n ** 64n])('may hold the number %s', (number) => {
    expect(fromBase62(toBase62(number, 11))).toBe(number);
  });
});
