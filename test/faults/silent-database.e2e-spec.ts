import { connect, createServer, type Socket } from 'node:net';
import { makeAccount } from '../support/factories';
import { databaseUrl, startService, useService } from '../support/service';

/** A way to the database on which connections can fall silent, as behind a firewall that has forgotten them. */
async function startProxy() {
  const url = new URL(databaseUrl());
  const { hostname, port } = url;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    silence: () => sockets.forEach((socket) => socket.unpipe().pause()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

describe('Connections to the database that fall silent', () => {
  const service = useService();

  it('are given up: each request gets its answer, and new connections take over', async () => {
    const proxy = await startProxy();
    const behind = await startService({ databaseUrl: proxy.url });
    try {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const patch = async (i: number) => {
        const before = Date.now();
        const response = await fetch(`${behind.url}/api/customers/${id}`, {
          method: 'PATCH',
          headers: { 'x-api-key': account.key, 'content-type': 'application/json' },
          body: JSON.stringify({ first_name: `Name ${i}` }),
        });
        await response.arrayBuffer();
        expect(Date.now() - before).toBeLessThan(10_000);
        return response.status;
      };
      const round = () => Promise.all(Array.from({ length: 8 }, (_, i) => patch(i)));
      expect(await round()).toEqual(Array(8).fill(200));
      proxy.silence();
      for (const status of await round()) expect([200, 503]).toContain(status);
      const deadline = Date.now() + 5000;
      let last = await round();
      while (last.includes(503) && Date.now() < deadline) last = await round();
      expect(last).toEqual(Array(8).fill(200));
    } finally {
      await behind.app.close();
      proxy.close();
    }
  });
});
