import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that keeps the service waiting, and what becomes of it. */
export interface SlowClient {
  socket: Socket;
  /** The statuses of all answers so far. */
  statuses: number[];
  /** How long the connection lasted; undefined while it is open. */
  cutAfterMs?: number;
}

export interface SlowKind {
  /** What it sends at once. */
  sends?: string;
  /** Whether it goes on with a byte each second. */
  drips?: boolean;
  isDeaf?: boolean;
}

/** Opens connections of one kind. */
export function openSlow(count: number, port: number, kind: SlowKind): Promise<SlowClient[]> {
  return Promise.all(Array.from({ length: count }, () => open(port, kind)));
}

async function open(port: number, { sends = '', drips = false, isDeaf = false }: SlowKind): Promise<SlowClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  // A connection may end by a reset, when some data was not read.
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  const since = performance.now();
  const client: SlowClient = { socket, statuses: [] };
  const drip = drips ? setInterval(() => socket.write('x'), 1000) : undefined;
  socket.on('close', () => clearInterval(drip));
  for (const end of ['end', 'close']) {
    socket.once(end, () => (client.cutAfterMs ??= performance.now() - since));
  }
  socket.write(sends);
  if (isDeaf) socket.pause();
  else socket.on('data', (bytes) => client.statuses.push(...statusesIn(bytes.toString())));
  return client;
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
}
