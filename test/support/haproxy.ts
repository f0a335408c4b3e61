import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';
import { inTemporaryFolder } from './process';
import { readAll } from './raw';

/** As the README tells operators to: what has been sent is never sent again, so a request that a stop breaks is seen. */
const config = (port: number, servers: number[], socket: string) => `
global
  stats socket ${socket}
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 2s
listen customers
  bind 127.0.0.1:${port}
  balance roundrobin
  http-reuse safe
  retries 3
  retry-on conn-failure
  option redispatch
  option httpchk GET /health/ready
  default-server check inter 100ms fall 1 rise 1
${servers.map((server, i) => `  server s${i} 127.0.0.1:${server}\n`).join('')}`;

export interface Haproxy {
  url: string;
  /** Waits until a server, by its place in the list, is seen to be in a state. */
  sees(server: number, state: 'UP' | 'DOWN'): Promise<void>;
}

/** A load balancer in front of services on these ports. */
export function withHaproxy(servers: number[], use: (haproxy: Haproxy) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const [port, file, socket] = [await freePort(), join(folder, 'haproxy.cfg'), join(folder, 'socket')];
    await writeFile(file, config(port, servers, socket));
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
    const child = spawn('haproxy', ['-db', '-f', file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new Error('These tests need haproxy: apt-get install haproxy', { cause: error });
    }
    const exit = once(child, 'exit');
    const sees = async (server: number, state: string) => {
      for (let i = 0; i < 1500 && child.exitCode === null; i++) {
        if ((await statesOf(socket))[`s${server}`] === state) return;
        await sleep(20);
      }
      throw new Error(`haproxy does not see server ${server} ${state}:\n${output}`);
    };
    try {
      await use({ url: `http://127.0.0.1:${port}`, sees });
    } finally {
      child.kill();
      await exit;
    }
  });
}

/** `UP` or `DOWN` for each server. Nothing while haproxy starts. */
async function statesOf(socket: string): Promise<Record<string, string | undefined>> {
  const [names = [], ...rows] = (await readAll(connect(socket).end('show stat\n')))
    .split('\n')
    .map((line) => line.split(','));
  return Object.fromEntries(rows.map((row) => [row[names.indexOf('svname')], row[names.indexOf('status')]]));
}
