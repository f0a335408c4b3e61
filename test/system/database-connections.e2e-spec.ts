import { type Admission, type TlsPostgres, withTlsPostgres } from '../support/tls-postgres';
import { cli, ServiceProcess } from '../support/process';

let postgres: TlsPostgres;
let finish: () => void;
let finished: Promise<void>;

beforeAll(
  () =>
    new Promise<void>((ready, fail) => {
      const done = new Promise<void>((resolve) => (finish = resolve));
      finished = withTlsPostgres((made) => {
        postgres = made;
        ready();
        return done;
      });
      finished.catch(fail);
    }),
  60_000,
);

afterAll(async () => {
  finish();
  await finished;
});

/** The URL by a name for which the certificate is, or by an address for which it is not. */
const urlOf = (host: 'localhost' | '127.0.0.1', query: string) =>
  `${Object.assign(new URL(postgres.url), { hostname: host }).href}${query && `?${query}`}`;

/** Starts the service, and says how it is connected. */
async function encryptionOf(env: NodeJS.ProcessEnv): Promise<boolean> {
  const service = ServiceProcess.start([], env);
  await service.url();
  const isEncrypted = await postgres.serviceIsEncrypted();
  expect(await service.end('SIGTERM')).toBe(0);
  return isEncrypted;
}

const refusalOf = async (url: string) => {
  const { code, stdout, stderr } = await cli(['migrate'], { DATABASE_URL: url });
  expect([code, stdout]).toEqual([1, '']);
  return stderr;
};

describe('sslmode', () => {
  const WORKING: [mode: string, encrypts: boolean, admits: Admission, isEncrypted: boolean][] = [
    ['disable', true, 'host', false],
    ['allow', true, 'host', false],
    ['allow', true, 'hostssl', true],
    ['prefer', true, 'host', true],
    ['prefer', false, 'host', false],
    ['prefer', true, 'hostnossl', false],
    ['', true, 'hostssl', true],
    ['', false, 'host', false],
    ['require', true, 'host', true],
  ];

  it.each(WORKING)(
    '"%s", with encryption %s and a line "%s": encrypted %s',
    async (mode, encrypts, admits, expected) => {
      await postgres.set(encrypts, admits);
      expect(await encryptionOf({ DATABASE_URL: urlOf('127.0.0.1', mode && `sslmode=${mode}`) })).toBe(expected);
    },
  );

  it('verify-full takes the server that it means, and verify-ca one by another name', async () => {
    await postgres.set(true, 'hostssl');
    const root = `sslrootcert=${postgres.root}`;
    expect(await encryptionOf({ DATABASE_URL: urlOf('localhost', `sslmode=verify-full&${root}`) })).toBe(true);
    expect(await encryptionOf({ DATABASE_URL: urlOf('127.0.0.1', `sslmode=verify-ca&${root}`) })).toBe(true);
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: postgres.root };
    expect(await encryptionOf({ DATABASE_URL: urlOf('localhost', ''), ...env })).toBe(true);
  });

  it('refuses a server that is not the one, or that is nobody’s', async () => {
    await postgres.set(true, 'hostssl');
    const [root, other] = [`sslrootcert=${postgres.root}`, `sslrootcert=${postgres.otherRoot}`];
    expect(await refusalOf(urlOf('127.0.0.1', `sslmode=verify-full&${root}`))).toMatch(
      /^Hostname\/IP does not match .+\n$/,
    );
    for (const query of [
      `sslmode=verify-full&${other}`,
      `sslmode=verify-ca&${other}`,
      `sslmode=require&${other}`,
      'sslmode=verify-full',
    ]) {
      expect(await refusalOf(urlOf('localhost', query))).toMatch(
        /^(unable to verify|self-signed|unable to get).*certificate.*\n$/,
      );
    }
  });

  it('require refuses a server that does not encrypt, and disable one that insists', async () => {
    await postgres.set(false, 'host');
    expect(await refusalOf(urlOf('127.0.0.1', 'sslmode=require'))).toBe(
      'The server does not support SSL connections\n',
    );
    await postgres.set(true, 'hostssl');
    expect(await refusalOf(urlOf('127.0.0.1', 'sslmode=disable'))).toMatch(
      /^no pg_hba.conf entry for .*no encryption\n$/,
    );
  });

  it.each([
    [
      'sslmode=verify_full',
      'must have an sslmode that is one of disable, allow, prefer, require, verify-ca, verify-full',
    ],
    ['sslmode=verify-ca', 'with sslmode=verify-ca needs sslrootcert, the file with the certificates that are trusted'],
    ['sslrootcert=/nosuch', "names a file as sslrootcert that can't be read (ENOENT)"],
    ['sslmode=require&sslkey=/nosuch', "names a file as sslkey that can't be read (ENOENT)"],
    [
      'sslmode=require&sslrootcert=system',
      'with sslrootcert=system needs sslmode=verify-full: the authorities of the system give certificates to any host, ' +
        'so its name has to be checked',
    ],
  ])('%s is told what is wrong', async (query, sentence) =>
    expect(await refusalOf(urlOf('localhost', query))).toBe(
      `The configuration is not valid. DATABASE_URL ${sentence}.\n`,
    ),
  );
});

describe('A Unix socket', () => {
  it.each([
    ['with no host', (user: string) => `postgres://${user}@/`],
    ['with no user and host', () => 'postgres:///'],
    ['with a host, which is passed over', (user: string) => `postgres://${user}@localhost/`],
  ])('in the URL %s is what the service uses', async (_, baseOf) => {
    await postgres.set(true, 'hostssl');
    const { pathname, port, username } = new URL(postgres.url);
    const user = baseOf(username).includes('@') ? '' : `&user=${username}`;
    const url = `${baseOf(username)}${pathname.slice(1)}?host=${postgres.socket}&port=${port}${user}`;
    expect(await encryptionOf({ DATABASE_URL: url })).toBe(false);
  });

  it('that is not there is waited for as a server that is not', async () => {
    const service = ServiceProcess.start([], { DATABASE_URL: 'postgres://postgres@/db?host=/nosuch' });
    await service.prints(/^Waiting for the database: it can't be reached \(ENOENT\)\.$/m);
    expect(await service.end('SIGTERM')).toBe(1);
  });
});
