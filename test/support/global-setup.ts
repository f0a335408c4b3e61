import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres';
import { migrate } from '../../src/database/migrate';

/** What a crash of the machine would cost does not matter to tests, and they start many services. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '500' };

export type Teardown = () => Promise<void>;

/** Starts one migrated PostgreSQL, which all test files share: each test makes a seller of its own. */
export default async function setup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'customers-test-'));
  const server = await startEmbeddedPostgres(folder, { settings: SETTINGS });
  await migrate(server.url);
  // Services of the tests open their pools without the connection that otherwise finds out whether to encrypt.
  process.env.TEST_DATABASE_URL = server.url;
  const teardown: Teardown = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  Object.assign(globalThis, { teardown });
}
