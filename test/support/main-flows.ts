import type { Config } from '../../src/config/config';
import { configureServices } from './service';

/**
 * Runs the tests of some files once more, on the database whose URL `open` gives.
 * @param names of the files in `test/`, without their ending
 * @param config how each service is configured besides
 */
export function describeMainFlows(names: string[], open: () => Promise<string>, config: Partial<Config> = {}): void {
  const ofSuite = process.env.TEST_DATABASE_URL;
  beforeAll(async () => {
    process.env.TEST_DATABASE_URL = await open();
    configureServices(config);
  }, 60_000);
  afterAll(() => {
    process.env.TEST_DATABASE_URL = ofSuite;
    configureServices({});
  });
  for (const name of names) jest.requireActual(`../${name}.e2e-spec`);
}
