import { readCursor, writeCursor } from './cursor';

const ID = '550e8400-e29b-41d4-a716-446655440000';
const position = { created_at: new Date(1_705_314_600_000), id: ID };
const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('A cursor', () => {
  it('leads back to its position, in a form that stays as it is', () => {
    expect(writeCursor(position)).toBe('MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA');
    expect(readCursor(writeCursor(position))).toEqual(position);
    expect(readCursor(encoded(`0:${ID}`))).toEqual({ created_at: new Date(0), id: ID });
  });

  it.each([
    ['nothing', ''],
    ['no base64', '?'],
    ['no time', encoded(`:${ID}`)],
    ['no number', encoded(`x:${ID}`)],
    ['a time that is too long', encoded(`1234567890123456:${ID}`)],
    ['zeros before the time', encoded(`01:${ID}`)],
    ['no id', encoded('1:')],
    ['an id in capitals', encoded(`1:${ID.toUpperCase()}`)],
    ['an id that is too short', encoded(`1:${ID.slice(1)}`)],
    ['text after the id', encoded(`1:${ID}0`)],
    ['text before the time', encoded(` 1:${ID}`)],
    ['another alphabet', Buffer.from(`1:${ID}`).toString('base64')],
  ])('is not one with %s', (_, cursor) => {
    expect(readCursor(cursor)).toBeUndefined();
  });
});
