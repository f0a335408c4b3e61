import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { databaseUrl } from './service';

/** A way to the database that is as long as it is told to be. */
export interface FarDatabase {
  url: string;
  /** For each direction, so that a round trip takes twice as long. */
  delayMs: number;
}

export async function withFarDatabase(use: (database: FarDatabase) => Promise<void>): Promise<void> {
  const url = new URL(databaseUrl());
  const { hostname, port } = url;
  const sockets = new Set<Socket>();
  const database: FarDatabase = { url: '', delayMs: 0 };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) sockets.add(socket.setNoDelay());
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(delayed(database)).pipe(far);
    far.pipe(delayed(database)).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.port = String((server.address() as AddressInfo).port);
  database.url = url.href;
  try {
    await use(database);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function delayed(database: FarDatabase): Transform {
  return new Transform({
    transform: (chunk, _, done) => void setTimeout(() => done(null, chunk), database.delayMs),
  });
}
