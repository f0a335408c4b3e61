import { countCharacters, isDateTime, isEmailAddress, isUuid, isWellFormedText } from './formats';

describe('isDateTime', () => {
  it.each([
    '2024-01-15T10:30:00Z',
    '2024-01-15t10:30:00z',
    '2024-01-15T10:30:00.5Z',
    '2024-01-15T10:30:00.123456789Z',
    '2024-01-15T23:59:59+23:59',
    '2024-01-15T00:00:00-00:00',
    '2024-02-29T19:00:00Z',
    '2000-12-31T20:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '0099-02-28T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('takes %s', (text) => expect(isDateTime(text)).toBe(true));

  it.each([
    '',
    '2024-01-15',
    '2024-01-15T10:30:00',
    '2024-01-15T10:30Z',
    '2024-01-15 10:30:00Z',
    ' 2024-01-15T10:30:00Z',
    '2024-01-15T10:30:00Z ',
    '2024-01-15T10:30:00.Z',
    '2024-01-15T10:30:00,5Z',
    '2024-01-15T24:00:00Z',
    '2024-01-15T10:60:00Z',
    '2024-01-15T10:30:60Z',
    '2024-01-15T10:30:00+24:00',
    '2024-01-15T10:30:00+01:60',
    '2024-01-15T10:30:00+0100',
    '2024-00-15T10:30:00Z',
    '2024-13-15T10:30:00Z',
    '2024-01-00T10:30:00Z',
    '2024-02-30T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '2024-04-31T10:30:00Z',
    '24-01-15T10:30:00Z',
    '12024-01-15T10:30:00Z',
    // Moments of the years -1 and 10000, in UTC.
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
  ])('refuses %j', (text) => expect(isDateTime(text)).toBe(false));
});

describe('isEmailAddress', () => {
  it.each([
    'a@b.c',
    'A.b@X-1.De',
    "!#$%&'*+/=?^_`{|}~-@x.de",
    'a.b.c@1.2',
    `${'a'.repeat(100)}@${'x-'.repeat(40)}y.de`,
    'a@b.c.d.e',
  ])('takes %s', (text) => expect(isEmailAddress(text)).toBe(true));

  it.each([
    '',
    '@x.de',
    'a@',
    'a@b',
    'a@b.',
    'a@.b',
    'a@b..c',
    'a@-b.c',
    'a@b-.c',
    'a@b.-c',
    'a@b.c-',
    '.a@b.c',
    'a.@b.c',
    'a..b@c.d',
    'a b@c.d',
    'a@b@c.d',
    'a@b_c.d',
    ' a@b.c',
    'a@b.c\n',
    'ü@b.c',
    'a@ü.c',
  ])('refuses %j', (text) => expect(isEmailAddress(text)).toBe(false));
});

describe('isUuid', () => {
  it.each([
    '550e8400-e29b-41d4-a716-446655440000',
    '550E8400-E29B-91D4-0716-44665544000f',
    '00000000-0000-0000-0000-000000000000',
  ])('takes %s', (text) => expect(isUuid(text)).toBe(true));

  it.each([
    '',
    '550e8400e29b41d4a716446655440000',
    '550e8400-e29b-41d4-a716-44665544000g',
    '550e8400-e29b-41d4-a716-4466554400000',
    '5550e8400-e29b-41d4-a716-446655440000',
    '{550e8400-e29b-41d4-a716-446655440000}',
    '550e8400-e29b-41d4-a716-446655440000\n',
  ])('refuses %j', (text) => expect(isUuid(text)).toBe(false));
});

describe('countCharacters', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 2],
    ['𝄞', 1],
    ['a𝄞b𝄞', 4],
    ['❤️', 2],
    ['\ud834', 1],
    ['\udd1e\ud834', 2],
    ['\ud834\ud834\udd1e', 2],
    ['\udd1e\udd1e', 2],
    ['\ud834a', 2],
    ['a\udd1e', 2],
    ['\ue000\udd1e', 2],
    ['\ud834\ue000', 2],
  ])('counts %j as %i', (text, count) => {
    expect(countCharacters(text)).toBe(count);
    expect([...text]).toHaveLength(count);
  });
});

describe('isWellFormedText', () => {
  it.each([
    ['a𝄞\u0001', true],
    ['', true],
    ['\0', false],
    ['a\0b', false],
    ['\ud834', false],
    ['\udd1e\ud834', false],
  ])('takes %j for %s', (text, expected) => expect(isWellFormedText(text)).toBe(expected));
});
