import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

const opened = new Set<TcpLink>();

/** A file whose test fails leaves no link behind, which would keep the run from its end. */
afterAll(() => {
  for (const link of opened) link.close();
  opened.clear();
});

/** A way to a server that can be long, and on which connections can be refused, or fall silent as behind a firewall. */
export class TcpLink {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.join(near));
  private isSilent = false;
  /** For each direction, so that a round trip takes twice as long. */
  delayMs = 0;
  port = 0;

  private constructor(public target: number) {}

  /** To a server of this machine. */
  static async to(url: string): Promise<TcpLink> {
    const link = new TcpLink(portOf(url));
    await link.listen();
    opened.add(link);
    return link;
  }

  /** The URL of the server, by this link. */
  urlOf(url: string): string {
    const own = new URL(url);
    own.port = String(this.port);
    return own.href;
  }

  /** Nothing passes any more on the connections that are open, and on new ones until `speak`. */
  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** New connections work again; the old ones stay dead. */
  speak(): void {
    this.isSilent = false;
  }

  /** Nobody listens any more. */
  async refuse(): Promise<void> {
    this.close();
    await once(this.server, 'close');
  }

  async accept(): Promise<void> {
    await this.listen();
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    this.server.close();
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private join(near: Socket): void {
    this.sockets.add(near);
    near.on('error', () => undefined).on('close', () => this.sockets.delete(near));
    if (this.isSilent) return;
    const far = connect(this.target, '127.0.0.1');
    this.sockets.add(far);
    for (const socket of [near, far]) socket.setNoDelay();
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(this.delay()).pipe(to);
    }
    far.on('close', () => this.sockets.delete(far));
  }

  private delay(): Transform {
    return new Transform({ transform: (chunk, _, done) => void setTimeout(() => done(null, chunk), this.delayMs) });
  }
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
