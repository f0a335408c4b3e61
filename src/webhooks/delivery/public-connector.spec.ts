import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { connectorTo, isPublicAddress } from './public-connector';

describe('A public address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '2a00:1450:4001::200e'])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ...['127.0.0.1', '127.255.0.1', '10.0.0.1', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1'],
    ...['0.0.0.0', '224.0.0.1', '240.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.2.1', '203.0.113.1'],
    ...['168.63.129.16', '::ffff:168.63.129.16'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', 'fe80::1', 'fc00::1', 'fec0::1', 'ff02::1'],
    ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001:0:7f00:1::', '2001:db8::1', 'localhost', ''],
  ])('is not %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('A connector to some addresses alone', () => {
  it('connects to what it has looked at, whatever a name means the next moment', async () => {
    const seen: string[] = [];
    const server = createServer((_, response) => void response.end('OK')).listen(0, '127.0.0.1');
    server.on('connection', ({ localAddress }) => void seen.push(String(localAddress)));
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answers = [['127.0.0.1', '127.0.0.2'], ['127.0.0.2'], []];
    const resolve = async () => answers.shift() ?? ['127.0.0.2'];
    const agent = new Agent({ connect: connectorTo(resolve, (address) => address === '127.0.0.1') });
    const get = (host: string) => request(`http://${host}:${port}/`, { dispatcher: agent, reset: true });
    expect((await get('changing.example')).statusCode).toBe(200);
    for (const host of ['changing.example', 'changing.example', '127.0.0.2', '[::1]', '0x7f.2']) {
      await expect(get(host)).rejects.toMatchObject({ code: 'ERR_PRIVATE_ADDRESS' });
    }
    expect(seen).toEqual(['127.0.0.1']);
    await agent.destroy();
    server.close();
  });
});
