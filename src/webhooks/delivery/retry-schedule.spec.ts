import { retryDelayMs } from './retry-schedule';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('The retry schedule', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    [1, 5000],
    [2, 5 * MINUTE],
    [3, 30 * MINUTE],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 14 * HOUR],
    [8, 20 * HOUR],
    [9, 24 * HOUR],
  ])('waits after %i failed attempts for %i ms, a tenth more or less', (attempts, delay) => {
    const random = jest.spyOn(Math, 'random');
    for (const [value, factor] of [
      [0, 0.9],
      [0.5, 1],
      [1, 1.1],
    ] as const) {
      random.mockReturnValue(value);
      expect(retryDelayMs(attempts)).toBeCloseTo(delay * factor, 3);
    }
  });

  it('ends after the tenth attempt, whatever the receiver asks for', () => {
    expect([retryDelayMs(10), retryDelayMs(10, 60)]).toEqual([undefined, undefined]);
  });

  it('is not cut short by a receiver that asks for a second each time', () => {
    expect(retryDelayMs(2, 1)).toBeGreaterThanOrEqual(4.5 * MINUTE);
    expect(retryDelayMs(2, 3600)).toBe(HOUR);
    expect(retryDelayMs(9, 86_401)).toBeGreaterThanOrEqual(21.6 * HOUR);
  });

  it('follows the receiver after the first attempt, within a second and a day', () => {
    expect([0, 1, 7, 86_400, 86_401].map((seconds) => retryDelayMs(1, seconds))).toEqual([
      1000,
      1000,
      7000,
      24 * HOUR,
      24 * HOUR,
    ]);
  });
});
