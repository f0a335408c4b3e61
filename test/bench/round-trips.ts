import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cleanup } from './cleanup';
import { applyLoad, type Target } from './load';
import { PATCH } from './operations';

const REQUESTS = 500;

/** Stands between a service and its database. */
export interface Relay {
  /** Leads to the database by way of the relay. */
  databaseUrl: string;
  roundTrips: number;
}

/**
 * Counts how often a client speaks after it was spoken to, which is what a round trip is. It needs no rights on the
 * server, and unlike the server's own statistics it sees BEGIN and COMMIT.
 */
export async function startRelay(cleanup: Cleanup, databaseUrl: string): Promise<Relay> {
  const url = new URL(databaseUrl);
  const database = { host: url.hostname, port: Number(url.port || 5432) };
  const relay: Relay = { databaseUrl, roundTrips: 0 };
  const server = cleanup.make(
    () => listen((client) => join(client, connect({ ...database, noDelay: true }), relay)),
    close,
  );
  await once(server, 'listening');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  relay.databaseUrl = url.href;
  return relay;
}

/** How many round trips a change takes, on average over many. */
export async function countRoundTrips(target: Target, relay: Relay): Promise<number> {
  // The first requests also open connections and note that the key was used.
  const warmUp = await applyLoad(target, PATCH, 1, { amount: 20 });
  const before = relay.roundTrips;
  const { failures } = await applyLoad(target, PATCH, 1, { amount: REQUESTS });
  if (failures + warmUp.failures > 0) throw new Error('Requests failed while round trips were counted.');
  return (relay.roundTrips - before) / REQUESTS;
}

function join(client: Socket, database: Socket, relay: Relay): void {
  let isAnswered = true;
  client.on('data', () => {
    if (isAnswered) relay.roundTrips++;
    isAnswered = false;
  });
  database.on('data', () => (isAnswered = true));
  for (const [from, to] of [
    [client, database],
    [database, client],
  ] as const) {
    from.pipe(to);
    // A lost connection shows at its other end, which has someone to complain.
    from.on('error', () => to.destroy());
  }
}

function listen(onConnection: (socket: Socket) => void): Server {
  return createServer({ noDelay: true }, onConnection).listen(0, '127.0.0.1');
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
