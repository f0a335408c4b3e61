import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPostgres } from '../../src/embedded-postgres/programs';
import { inTemporaryFolder } from '../support/process';

const ROOT = resolve(__dirname, '..', '..');

interface Started {
  npm: ChildProcess;
  url: string;
  /** The process of the embedded PostgreSQL. */
  postgres: number;
}

/** `npm start` in a process group of its own, as a shell starts it. */
async function start(folder: string): Promise<Started> {
  const env = { ...process.env, DATA_DIR: folder, PORT: '0', METRICS_PORT: '0' };
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  npm.stdout.on('data', (text) => (output += text));
  while (!/curl -X PATCH/.test(output)) {
    await Promise.race([once(npm.stdout, 'data'), once(npm, 'exit').then(() => Promise.reject(new Error(output)))]);
  }
  const pidFile = await readFile(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8');
  return { npm, url: /runs at (http\S+),/.exec(output)?.[1] ?? '', postgres: parseInt(pidFile, 10) };
}

/** As a terminal does it: every process of the group gets the signal. */
function signalGroup({ npm }: Started, signal: NodeJS.Signals): void {
  process.kill(-Number(npm.pid), signal);
}

describe('npm start in a terminal', () => {
  it.each<[NodeJS.Signals, string, number]>([
    ['SIGINT', 'once @short', 1],
    ['SIGTERM', 'once @ci', 1],
    ['SIGINT', 'five times', 5],
    ['SIGTERM', 'five times', 5],
  ])(
    'ends on %s with code 0, and so does its PostgreSQL, %s',
    (signal, _, times) =>
      inTemporaryFolder(async (folder) => {
        for (let i = 0; i < times; i++) {
          const started = await start(folder);
          expect(await isPostgres(started.postgres)).toBe(true);
          const exit = once(started.npm, 'exit');
          signalGroup(started, signal);
          expect([await exit, await isPostgres(started.postgres)]).toEqual([[0, null], false]);
        }
      }),
    120_000,
  );

  it('ends when the terminal is closed, and so does its PostgreSQL', () =>
    inTemporaryFolder(async (folder) => {
      const started = await start(folder);
      // npm does not wait for what it has started.
      signalGroup(started, 'SIGHUP');
      while (await isPostgres(started.postgres)) await sleep(50);
    }));

  it('ends at once on a later signal, whoever is still being served, and so does its PostgreSQL', () =>
    inTemporaryFolder(async (folder) => {
      const started = await start(folder);
      const { hostname, port } = new URL(started.url);
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(
        'PATCH /api/customers/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
      );
      await sleep(200);
      const exit = once(started.npm, 'exit');
      signalGroup(started, 'SIGINT');
      await sleep(1200);
      signalGroup(started, 'SIGINT');
      expect([await exit, await isPostgres(started.postgres)]).toEqual([[1, null], false]);
      socket.destroy();
    }));

  it('leaves no PostgreSQL behind when it is told to end during its first start', () =>
    inTemporaryFolder(async (folder) => {
      for (const delay of [300, 900, 1500]) {
        const env = { ...process.env, DATA_DIR: folder, PORT: '0', METRICS_PORT: '0' };
        const npm = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: 'ignore' });
        await sleep(delay);
        const exit = once(npm, 'exit');
        process.kill(-Number(npm.pid), 'SIGINT');
        await exit;
        await expect(readFile(join(folder, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT');
      }
    }));
});
