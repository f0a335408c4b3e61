import { matchesWeakly, parseIfMatch } from './preconditions';

describe('parseIfMatch', () => {
  it('tells no header from one that says nothing', () => {
    expect(parseIfMatch(undefined)).toBeUndefined();
    expect(parseIfMatch('')).toBe('no strong tag');
    expect(parseIfMatch(' ')).toBe('no strong tag');
    expect(parseIfMatch(',')).toBe('no strong tag');
  });

  it.each(['*', ' * ', '\t*'])('reads %j as any version', (header) => {
    expect(parseIfMatch(header)).toBe('*');
  });

  it.each<[string, number[]]>([
    ['"7"', [7]],
    ['"1"', [1]],
    ['"2147483647"', [2147483647]],
    ['"5","7"', [5, 7]],
    [' "5" ,\t"7" ', [5, 7]],
    [',"5",,"7",', [5, 7]],
    ['"7", "5", "7"', [7, 5, 7]],
    // Tags of another server's may hold anything, commas too.
    ['"a,b", "7"', [7]],
    ['"xyzzy", "7"', [7]],
    ['"\xfc", "7"', [7]],
    ['"", "7"', [7]],
    ['W/"6", "7"', [7]],
    ['"*", "7"', [7]],
  ])('finds the versions of %j', (header, versions) => {
    expect(parseIfMatch(header)).toEqual(versions);
  });

  it.each(['"07"', '"0"', '"-7"', '"+7"', '"7.0"', '"7e0"', '""', '"12345678901"', 'W/"7", "x"'])(
    'finds a strong tag in %j that no version has',
    (header) => {
      expect(parseIfMatch(header)).toEqual([]);
    },
  );

  it.each([
    'W/"7"',
    'W/"6", W/"7"',
    'w/"7"',
    'W/ "7"',
    '7',
    '"7',
    '7"',
    "'7'",
    '" 7"',
    '"7 "',
    '"7"x',
    'x"7"',
    '*"7"',
    '"٧"',
    '**',
    '*, *',
    '"x,"7",y"',
    'x, "7"',
    '"5" "7"',
  ])('finds no strong tag in %j', (header) => {
    expect(parseIfMatch(header)).toBe('no strong tag');
  });

  it('takes no longer for a hostile header than for any other', () => {
    const start = performance.now();
    for (const part of ['"', 'W/"', '" ', ',', '"1",', '"1" ', 'W/']) parseIfMatch(part.repeat(16_384 / part.length));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('matchesWeakly', () => {
  it.each(['*', ' * ', '"7"', 'W/"7"', '"6", "7"', '"7","6"', 'W/"6" ,W/"7"', '"a,b", "7"'])(
    'finds "7" in %j',
    (header) => {
      expect(matchesWeakly(header, '"7"')).toBe(true);
    },
  );

  it('finds longer and empty tags', () => {
    expect([matchesWeakly('"6", W/"x-12"', '"x-12"'), matchesWeakly('""', '""')]).toEqual([true, true]);
  });

  it.each([undefined, '', '"6"', '"77"', '7', 'W/7', '**', '"7', '"a"7"b"'])('does not find "7" in %j', (header) => {
    expect(matchesWeakly(header, '"7"')).toBe(false);
  });
});
