import { lookup as lookUpSystem } from 'node:dns/promises';
import { Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address';

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<string[]>;

export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor() {
    super('The address is not a public one');
  }
}

const CONNECT_TIMEOUT_MS = 10_000;

const resolver = new Resolver({ timeout: 3000, tries: 2 });

/** By DNS itself: `lookup` has four threads for the whole process, which hosts with a dead name server would take. */
export async function resolvePublic(hostname: string): Promise<string[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const found = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length === 0 && four.status === 'rejected') throw four.reason;
  return found;
}

/** As the system does, with the names that only this machine knows. */
export async function resolveAny(hostname: string): Promise<string[]> {
  return (await lookUpSystem(hostname, { all: true })).map(({ address }) => address);
}

/**
 * Connects to addresses that `isAllowed`, and to no other: a name is resolved once, and the connection goes to an address
 * that was looked at, so that a name server can't change its mind in between.
 */
export function connectorTo(resolve: Resolve, isAllowed: (address: string) => boolean): buildConnector.connector {
  const lookup: LookupFunction = (hostname, { all }, done) => {
    resolve(hostname)
      .then((addresses) => {
        const allowed = addresses.filter(isAllowed).map((address) => ({ address, family: isIP(address) }));
        const [first] = allowed;
        if (!first) throw new PrivateAddressError();
        if (all) done(null, allowed);
        else done(null, first.address, first.family);
      })
      .catch((error: NodeJS.ErrnoException) => done(error, ''));
  };
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup });
  return (options, done) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    // Node looks up no name that is an address.
    if (isIP(host) && !isAllowed(host)) return done(new PrivateAddressError(), null);
    connect(options, (...[error, socket]) => {
      if (error) return done(error, null);
      if (isAllowed(socket.remoteAddress ?? '')) return done(null, socket);
      socket.destroy();
      done(new PrivateAddressError(), null);
    });
  };
}

/** For the service: public addresses alone, unless private ones are allowed. */
export function connectorFor(allowPrivate: boolean): buildConnector.connector {
  return allowPrivate ? connectorTo(resolveAny, () => true) : connectorTo(resolvePublic, isPublicAddress);
}
