import { execFile } from 'node:child_process';
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import iconv from 'iconv-lite';
import { Client } from 'pg';
import { request } from './support/http';
import { freePort } from './support/free-port';
import { cli, inTemporaryFolder, ServiceProcess } from './support/process';
import { databaseUrl } from './support/service';

const READY = /runs at (http:\S+),/;

/** The request that the printed curl line would make. */
async function paste(output: string) {
  const line = /curl -X (\S+) (\S+) \\\n +-H '(.*)' \\\n +-H '(.*)' \\\n +-d '(.*)'/.exec(output);
  const [, method = '', url = '', ...rest] = line ?? [];
  const body = rest.pop();
  const headers = Object.fromEntries(
    rest.map((header) => header.split(': ')).map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { ...(await request(method, url, { headers, body })), headers, path: new URL(url).pathname };
}

describe('npm start without any set-up', () => {
  it(
    'starts a database, prints a curl line that works, stops, and keeps the data between starts and through kill -9',
    () =>
      inTemporaryFolder(async (folder) => {
        const env = { DATA_DIR: folder };
        const first = ServiceProcess.start(['--embedded'], env);
        await first.prints(/curl[^]*-d '.*'/);
        const { status, body, headers, path } = await paste(first.output);
        expect([status, body.company_name]).toEqual([200, 'Acme Corp']);
        expect(await first.end('SIGTERM')).toBe(0);
        await expect(access(join(folder, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');

        const second = ServiceProcess.start(['--embedded'], env);
        const [, secondUrl = ''] = await second.prints(READY);
        // The key of the first start lives on, but is not shown again.
        expect(second.output).not.toContain(headers['x-api-key']);
        const changed = await request('PATCH', secondUrl + path, { headers, body: { first_name: 'Jane' } });
        expect(changed.body).toMatchObject({ first_name: 'Jane', company_name: 'Acme Corp' });
        await second.end('SIGKILL');

        const third = ServiceProcess.start(['--embedded'], env);
        const [, thirdUrl = ''] = await third.prints(READY);
        const kept = await request('PATCH', thirdUrl + path, { headers, body: { first_name: 'Jane' } });
        expect([kept.status, kept.headers.get('etag')]).toEqual([200, '"3"']);

        const seller = await cli(['sellers', 'list', '--json'], env);
        expect(JSON.parse(seller.stdout).data).toMatchObject([{ name: 'Demo seller' }]);
        expect(await third.end('SIGINT')).toBe(0);
        const orphan = await cli(['sellers', 'list'], env);
        expect(orphan.code).toBe(1);
        expect(orphan.stderr).toMatch(/^No database: DATABASE_URL is not set, and no service runs on /);
      }),
    90_000,
  );

  it(
    'lets two services share the database: the last one to stop stops it',
    () =>
      inTemporaryFolder(async (folder) => {
        const env = { DATA_DIR: folder };
        const [one, other] = [ServiceProcess.start(['--embedded'], env), ServiceProcess.start(['--embedded'], env)];
        const [, url = ''] = await other.prints(READY);
        await one.prints(READY);
        expect(await one.end('SIGTERM')).toBe(0);
        expect((await request('GET', `${url}/health/ready`)).status).toBe(200);
        expect(await other.end('SIGTERM')).toBe(0);
      }),
    90_000,
  );
});

describe('npm run start:prod', () => {
  it('refuses to start without DATABASE_URL', async () => {
    const service = ServiceProcess.start([], {});
    expect(await service.end()).toBe(1);
    expect(service.output).toBe('DATABASE_URL is not set. Set it, or use "npm start" for an embedded PostgreSQL.\n');
  });

  it('migrates on start, or leaves that to npm run migrate, and makes no demo data', async () => {
    const client = new Client(databaseUrl());
    await client.connect();
    const name = `prod_${Date.now()}`;
    await client.query(`CREATE DATABASE ${name}`);
    const url = new URL(databaseUrl());
    url.pathname = name;
    const env = { DATABASE_URL: url.href };
    try {
      const early = ServiceProcess.start([], { ...env, MIGRATE_ON_START: 'false' });
      expect(await early.end()).toBe(1);
      expect(early.output).toBe('The database is not up to date. Run "npm run migrate" first.\n');
      expect((await cli(['sellers', 'list'], env)).stderr).toBe(early.output);
      expect((await cli(['migrate'], env)).stdout).toMatch(/^Migrated: /);
      expect((await cli(['migrate'], env)).stdout).toBe('The database is up to date.\n');
      const service = ServiceProcess.start([], { ...env, MIGRATE_ON_START: 'false' });
      await service.prints(/Server listening at/);
      expect((await cli(['sellers', 'list', '--json'], env)).stdout).toBe('{"data":[]}\n');
      expect(await service.end('SIGTERM')).toBe(0);
    } finally {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    }
  });

  it.each([
    [{ PORT: 'eighty' }, 'PORT must be a whole number from 0 to 65535.'],
    [{ DATABASE_URL: 'mysql://secret@x/y' }, 'DATABASE_URL must be a URL that starts with postgres://,'],
    [
      { DATABASE_URL: 'postgres://secret@x/y?sslmod=require' },
      'DATABASE_URL has a parameter that is misspelt: did you mean sslmode?',
    ],
    [{ DATABASE_URL: 'postgres://secret@x/y?ssl_Mode=require' }, /misspelt: did you mean sslmode\?/],
    [{ DATABASE_URL: 'postgres://secret@x:1,y:2/z' }, 'DATABASE_URL must name one host, not several.'],
    [
      { MIGRATE_ON_START: 'yes', LOG_LEVEL: 'loud' },
      /MIGRATE_ON_START must be true or false. LOG_LEVEL must be one of/,
    ],
    [{ PORT: '8080', METRICS_PORT: '8080' }, 'METRICS_PORT must differ from PORT.'],
    [{ PORT: '9464', METRICS_PORT: '' }, 'METRICS_PORT must differ from PORT.'],
  ])('says what is wrong with the configuration %j', async (env, message) => {
    const service = ServiceProcess.start([], env);
    expect(await service.end()).toBe(1);
    expect(service.output).toMatch(message);
    expect(service.output).not.toContain('secret');
  });

  it('reads a .env file that begins with a byte order mark, and names a setting that is misspelt', () =>
    inTemporaryFolder(async (folder) => {
      const lines = [
        `DATABASE_URL=${databaseUrl()}`,
        'RATE_LIMIT_PER_MINUTES=1',
        'ratelimit=2',
        'LOG-LEVEL=silent',
        'PORT 9',
      ];
      await writeFile(join(folder, '.env'), `\uFEFF${lines.join('\r\n')}\r\n`);
      const service = ServiceProcess.start([], {}, folder);
      await service.prints(/Server listening at/);
      expect(await service.end('SIGTERM')).toBe(0);
      expect(service.output.split('\n').slice(0, 3).sort().reverse()).toEqual([
        'The file .env in the working directory has a line without "=", which has no effect: PORT',
        'RATE_LIMIT_PER_MINUTES is not a setting and has no effect: did you mean RATE_LIMIT_PER_MINUTE?',
        'LOG-LEVEL is not a setting and has no effect: did you mean LOG_LEVEL?',
      ]);
    }));

  const UNREADABLE = 'The file .env in the working directory';
  it.each([
    [
      'in UTF-16 with a byte order mark',
      iconv.encode('PROT=1\r\nLOG_LEVEL=loud', 'utf-16le', { addBOM: true }),
      /^PROT is not a setting and has no effect: did you mean PORT\?\n.* LOG_LEVEL must be one of/,
    ],
    ['in UTF-16, the other way', iconv.encode('LOG_LEVEL=loud', 'utf-16be', { addBOM: true }), /LOG_LEVEL must be one/],
    [
      'in UTF-16 without a mark',
      iconv.encode('A=1', 'utf-16le'),
      `${UNREADABLE} is not valid UTF-8: save it as UTF-8.`,
    ],
    [
      'with a value in another encoding',
      iconv.encode('# Grüße\nDATABASE_URL=postgres://jörg@x/y', 'windows-1252'),
      `${UNREADABLE} is not valid UTF-8 (DATABASE_URL): save it as UTF-8.`,
    ],
    ['that is a folder', undefined, `${UNREADABLE} can't be read: it is a folder.`],
  ])('reads, or refuses, a .env %s', (_, content, message) =>
    inTemporaryFolder(async (folder) => {
      if (content) await writeFile(join(folder, '.env'), content);
      else await mkdir(join(folder, '.env'));
      const service = ServiceProcess.start([], {}, folder);
      expect(await service.end()).toBe(1);
      if (typeof message === 'string') expect(service.output).toBe(`${message}\n`);
      else expect(service.output).toMatch(message);
    }),
  );

  it.each(['PORT', 'METRICS_PORT'])('says so when the port that %s names is taken', async (variable) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const taken = ServiceProcess.start([], {
      DATABASE_URL: databaseUrl(),
      LOG_LEVEL: 'info',
      [variable]: String(port),
    });
    expect(await taken.end()).toBe(1);
    expect(taken.output).toBe(
      `Port ${port} is taken: stop the program that listens there, or set ${variable} to another port.\n`,
    );
    blocker.close();
  });

  it('is not built again while nothing that it is made of has changed', async () => {
    const root = join(__dirname, '..');
    const builtAt = async () => (await stat(join(root, 'dist', '.built-from'))).mtimeMs;
    const before = await builtAt();
    await promisify(execFile)(process.execPath, [join(root, 'src/build/build.mjs'), '--if-needed']);
    expect(await builtAt()).toBe(before);
  });

  it('waits for a database that is not there yet, says so, and can be told to stop', async () => {
    const lost = ServiceProcess.start([], { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' });
    await lost.prints(/^Waiting for the database: it can't be reached \(ECONNREFUSED\)\.$/m);
    expect(await lost.end('SIGTERM')).toBe(1);
    expect(lost.output).toMatch(/Stopped while waiting for the database\./);
    expect(lost.output).not.toContain('secret');
  });

  it('starts when the database comes up, with nothing but a change of the port in between', async () => {
    const real = new URL(databaseUrl());
    const port = await freePort();
    const service = ServiceProcess.start([], {
      DATABASE_URL: Object.assign(new URL(real), { port: String(port) }).href,
    });
    await service.prints(/Waiting for the database/);
    const proxy = createServer((near) => {
      const far = connect(Number(real.port), real.hostname);
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    }).listen(port, '127.0.0.1');
    await service.prints(/Server listening at/);
    expect(await service.end('SIGTERM')).toBe(0);
    proxy.close();
  });

  it('says so when the database refuses', async () => {
    const refused = ServiceProcess.start([], {
      DATABASE_URL: Object.assign(new URL(databaseUrl()), { pathname: '/nosuch' }).href,
    });
    expect(await refused.end()).toBe(1);
    expect(refused.output).toBe('database "nosuch" does not exist\n');
  });
});
