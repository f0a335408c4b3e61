import { lookup as lookUpSystem, Resolver } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';
import { skipInterim } from './skip-interim';

/** All addresses of a host name. */
type Resolve = (hostname: string) => Promise<string[]>;

class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor() {
    super('The address is not a public one');
  }
}

const CONNECT_TIMEOUT_MS = 10_000;

const resolver = new Resolver({ timeout: 3000, tries: 2 });

/** Asks DNS directly. `lookup` shares four threads with the whole process, and slow name servers would occupy them all. */
async function resolvePublic(hostname: string): Promise<string[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const found = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length === 0 && four.status === 'rejected') throw four.reason;
  return found;
}

/** Asks the system, which also knows the names in /etc/hosts. */
async function resolveAny(hostname: string): Promise<string[]> {
  return (await lookUpSystem(hostname, { all: true })).map(({ address }) => address);
}

/**
 * Connects only to addresses that `isAllowed`. A name is resolved once, and the connection goes to an address that was
 * checked, so that a name server can't give one address to the check and another to the connection.
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
    // Node calls `lookup` for names only, not for addresses.
    if (isIP(host) && !isAllowed(host)) return done(new PrivateAddressError(), null);
    connect(options, (...[error, socket]) => {
      if (error) return done(error, null);
      if (isAllowed(socket.remoteAddress ?? '')) {
        skipInterim(socket);
        return done(null, socket);
      }
      socket.destroy();
      done(new PrivateAddressError(), null);
    });
  };
}

/** The address at which each machine in Azure reaches its host, which gives out settings and certificates. It looks public. */
const AZURE_HOST = '168.63.129.16';

/** The part of IPv6 that the internet uses. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is on the public internet. Addresses of this machine and of private networks are not, nor are those of
 * IPv6 that lead to an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(text: string): boolean {
  if (!isIP(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast' || address.toString() === AZURE_HOST) return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}

/** Whether the host of a URL may be public: it is a public address, or a name that may be resolved to one, without empty labels. */
export function mayBePublic(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) ? isPublicAddress(host) : !/^\.|\.\.|(^|\.)localhost\.?$/i.test(host);
}

/** The connector of the service: to public addresses only, unless the configuration allows private ones. */
export function connectorFor(allowPrivate: boolean): buildConnector.connector {
  return allowPrivate ? connectorTo(resolveAny, () => true) : connectorTo(resolvePublic, isPublicAddress);
}
