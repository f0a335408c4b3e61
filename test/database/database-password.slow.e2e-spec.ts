import { cli, ServiceProcess } from '../support/process';
import { freePort } from '../support/free-port';
import { databaseUrl } from '../support/service';

const PASSWORD = 'CANARY-pass%2Fword%25';

/** Each way in which a connection can fail, as far as the password of its URL might show. */
const WAYS: [string, (port: number) => string][] = [
  ['is wrong', () => withPassword(databaseUrl())],
  ['would go unencrypted', () => `${withPassword(databaseUrl())}?sslmode=require`],
  ['goes to nobody', (port) => `postgres://user:${PASSWORD}@127.0.0.1:${port}/customers`],
  ['is not escaped', () => `postgres://user:CANARY#pass@127.0.0.1/customers`],
];

function withPassword(url: string): string {
  const changed = new URL(url);
  changed.password = PASSWORD;
  return changed.href;
}

describe("The database's password", () => {
  it.each(WAYS)(
    'is printed neither by the command line nor at the start when it %s',
    async (_, urlFor) => {
      const env = { DATABASE_URL: urlFor(await freePort()), LOG_LEVEL: 'trace' };
      const service = ServiceProcess.start([], env);
      const outcomes = await Promise.all([cli(['sellers', 'list'], env), cli(['migrate'], env)]);
      for (const { code, stdout, stderr } of outcomes) {
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toMatch(/\S/);
        expect(stderr).not.toMatch(/CANARY|postgres:\/\/\w|\n +at /);
      }
      await service.prints(/\S/);
      await service.end('SIGTERM');
      expect(service.output).not.toMatch(/CANARY|postgres:\/\/\w|\n +at /);
    },
    60_000,
  );
});
