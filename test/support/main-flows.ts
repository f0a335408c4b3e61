/**
 * Runs the tests of some files once more, on the database whose URL `open` gives.
 * @param names of the files with their folder in `test/`, without their ending
 */
export function describeMainFlows(names: string[], open: () => Promise<string>): void {
  const ofSuite = process.env.TEST_DATABASE_URL;
  beforeAll(async () => {
    process.env.TEST_DATABASE_URL = await open();
  });
  afterAll(() => {
    process.env.TEST_DATABASE_URL = ofSuite;
  });
  for (const name of names) jest.requireActual(`../${name}.e2e-spec`);
}
