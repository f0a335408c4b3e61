import { readListCursor, writeListCursor } from './customer.query';

const id = '550e8400-e29b-41d4-a716-446655440000';
const position = { created_at: new Date(1_705_314_600_000), id, as_of: new Date(1_708_438_500_000) };

describe('The cursor of a list', () => {
  const cursor = writeListCursor(position);
  const [first = '', time = ''] = cursor.split('.');

  it('leads back to its position and its as_of', () => {
    expect(time).toBe('lsug67c0');
    expect(readListCursor(cursor)).toEqual(position);
  });

  it('of an older version of the service promises nothing', () => {
    expect(readListCursor(first)).toEqual({ ...position, as_of: new Date(0) });
  });

  it.each([
    ['', 'nothing'],
    [`.${time}`, 'no position'],
    [`${first}.`, 'an empty time'],
    [`${first}.?`, 'a time that is no number'],
    [`${first}.${time}!`, 'text after the time'],
    [`${first}.0${time}`, 'a zero before the time'],
    [`${first}.${time}.${time}`, 'a third part'],
    [`${first}.zzzzzzzzzzzz`, 'a time that JavaScript can not have'],
    [`x${first}.${time}`, 'a wrong position'],
  ])('is not %j, with %s', (text) => {
    expect(readListCursor(text)).toBeUndefined();
  });
});
