import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from './database';
import { freePort } from './free-port';
import { inTemporaryFolder } from './process';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };

/** Few connections of the server for many clients, so that each transaction may get another one. */
const config = (server: URL, port: number, folder: string, preparesStatements: boolean, more: string) => `
[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = 20
admin_users = ${server.username}
max_client_conn = 500
${preparesStatements ? 'max_prepared_statements = 200' : ''}
${more}
`;

/** Makes PgBouncer open new connections: it would keep those from before a change of the role. */
export async function reconnect(pooled: string): Promise<void> {
  await runSql(Object.assign(new URL(pooled), { pathname: 'pgbouncer' }).href, 'RECONNECT');
}

/** Whether the installed one knows prepared statements. */
export function pgbouncerPreparesStatements(): boolean {
  const version = spawnSync('pgbouncer', ['--version'], { env: ENV, encoding: 'utf8' }).stdout ?? '';
  const [, major, minor] = (/(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === undefined || minor === undefined)
    throw new Error('These tests need pgbouncer: apt-get install pgbouncer');
  return major > 1 || minor >= 21;
}

/** Runs `use` with the URL of a role's database by way of PgBouncer, with `more` in its configuration. */
export function withPgbouncer(url: string, use: (pooled: string) => Promise<void>, more = ''): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const [server, port] = [new URL(url), await freePort()];
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'users'), `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
    await writeFile(join(folder, 'ini'), config(server, port, folder, pgbouncerPreparesStatements(), more));
    // PgBouncer refuses to run as root.
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
    const child = spawn('pgbouncer', [...user, join(folder, 'ini')], { env: ENV, stdio: 'ignore' });
    const exit = once(child, 'exit');
    try {
      await untilOpen(port);
      await use(Object.assign(new URL(url), { port: String(port) }).href);
    } finally {
      child.kill('SIGQUIT');
      await exit;
    }
  });
}

async function untilOpen(port: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
  throw new Error('PgBouncer does not listen');
}
