import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres';
import { clusterOf } from '../../src/embedded-postgres/cluster';
import { runSql } from './database';
import { inTemporaryFolder } from './process';

/** Who may connect: with `hostssl` only encrypted, with `hostnossl` only unencrypted, with `host` either way. */
export type Admission = 'host' | 'hostssl' | 'hostnossl';

export interface TlsPostgres {
  /** By TCP, to `127.0.0.1`. */
  url: string;
  /** The folder of its Unix socket. */
  socket: string;
  /** The certificate of who signed the server's, which is for `localhost`, and one of somebody else. */
  root: string;
  otherRoot: string;
  /** Whether the server can encrypt, and whom it admits besides the tests, from now on. */
  set(encrypts: boolean, admits: Admission): Promise<void>;
  /** How the service that runs is connected. */
  serviceIsEncrypted(): Promise<boolean>;
}

/** Runs `use` with a server of its own, with certificates. */
export function withTlsPostgres(use: (postgres: TlsPostgres) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const socket = join(folder, 's');
    mkdirSync(socket);
    chmodSync(folder, 0o755);
    chmodSync(socket, 0o777);
    const server = await startEmbeddedPostgres(join(folder, 'data'), { settings: { unix_socket_directories: socket } });
    // Neither encrypted nor kept out, whatever is set for others.
    const admin = `${new URL(server.url).href}?host=${socket}&port=${new URL(server.url).port}`;
    try {
      const { data } = clusterOf(join(folder, 'data'));
      const [root, otherRoot] = [makeRoot(folder, 'root'), makeRoot(folder, 'other')];
      makeServerCertificate(folder, data);
      const [{ user = '' } = {}] = await runSql(admin, 'SELECT current_user AS user');
      const set = async (encrypts: boolean, admits: Admission) => {
        const rules = [`local all ${user} trust`, `${admits} all ${user} 127.0.0.1/32 trust`];
        writeFileSync(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
        await runSql(
          admin,
          `ALTER SYSTEM SET ssl = ${encrypts ? 'on' : 'off'}`,
          'SELECT pg_reload_conf(), pg_sleep(0.3)',
        );
      };
      const serviceIsEncrypted = async () => {
        const rows = await runSql(
          admin,
          `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE application_name = 'virtual-office-customers' HAVING count(*) > 0`,
        );
        return rows[0]?.ssl;
      };
      await use({ url: server.url, socket, root, otherRoot, set, serviceIsEncrypted });
    } finally {
      await server.stop();
    }
  });
}

function openssl(folder: string, ...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

function makeRoot(folder: string, name: string): string {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
  openssl(folder, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...files);
  return join(folder, `${name}.crt`);
}

/** Where the server looks for it, as a file that only the server may read. */
function makeServerCertificate(folder: string, data: string): void {
  const [key, request, certificate] = [join(data, 'server.key'), 'server.csr', join(data, 'server.crt')];
  openssl(folder, 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', request);
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\n');
  const signer = ['-CA', 'root.crt', '-CAkey', 'root.key', '-CAcreateserial', '-extfile', 'names'];
  openssl(folder, 'x509', '-req', '-in', request, ...signer, '-days', '2', '-out', certificate);
  const { uid, gid } = statSync(data);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
  chmodSync(key, 0o600);
}
