import { randomUUID } from 'node:crypto';
import { writeHistoryCursor } from '../../src/customers/history/history.dto';
import { BEGINNING, writeEventCursor } from '../../src/events/event';
import { SCOPES } from '../../src/api-keys/scopes';
import { largestFields, type LargestSeller, longestEmail } from './largest-seller';
import type { Route } from './routes';

/** A request that costs as much as one of its kind can. */
export interface CostlyRequest {
  /** What about it is costly. */
  what: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

interface Lawful {
  what?: string;
  query?: string;
  ids?: string[];
  /** Makes what the request is to end. */
  another?: () => Promise<string>;
  headers?: Record<string, string>;
  body?: unknown;
}

type Make = (seller: LargestSeller) => Lawful[];

/** All versions but the current one, as far as a head has room for them. */
const STALE = Array.from({ length: 1500 }, (_, i) => `"${i + 1}"`).join(',');

const search = (text: string) => `limit=100&search=${encodeURIComponent(text)}`;

/** The names alternate, so that each request changes something. */
function changed(): object {
  return { ...largestFields(Math.random() < 0.5 ? '\u0001' : '\u0002'), email: longestEmail(), language: 'de' };
}

function bulk({ customers }: LargestSeller): object {
  return { customers: customers.slice(0, 100).map((id) => ({ id, ...changed() })) };
}

const newKey = { name: '\u0001'.repeat(100), scopes: [...SCOPES] };

/** The lawful requests of each route that cost the most. */
const LAWFUL: Record<string, Make> = {
  // The largest of the files in /docs/assets/.
  'GET /docs/*': () => [{}],
  'GET /api/portal/session': ({ session }) => [{ headers: { authorization: `Bearer ${session}` } }],
  'GET /api/me': () => [{}],
  'GET /api/customers': () => [
    { what: 'the largest page', query: 'limit=100' },
    { what: 'of one status', query: 'limit=100&status=active' },
    { what: 'an email', query: `email=${longestEmail()}` },
    { what: 'changed since', query: 'limit=100&updated_since=1970-01-01T00:00:00Z' },
    { what: 'a search for all', query: search('\u0001') },
    { what: 'a search for letters that many have', query: search('ddd') },
    { what: 'a search for the longest text', query: search('\u0001'.repeat(200)) },
    { what: 'a search for nothing that is there', query: search('Ǆ'.repeat(200)) },
    { what: 'all filters', query: `${search('x'.repeat(200))}&status=active&updated_since=1970-01-01T00:00:00Z` },
  ],
  'POST /api/customers': () => [
    {
      what: 'the largest',
      body: { ...largestFields(), email: longestEmail() },
      headers: { 'idempotency-key': 'x'.repeat(200) + Math.random() },
    },
    { what: 'a dry run', query: 'dry_run=true', body: { ...largestFields(), email: longestEmail() } },
  ],
  'PATCH /api/customers': (seller) => [
    { what: '100 changes', body: bulk(seller), headers: { 'idempotency-key': randomUUID() } },
    { what: '100 changes, all or none', query: 'atomic=true', body: bulk(seller) },
    { what: '100 changes, a dry run', query: 'atomic=true&dry_run=true', body: bulk(seller) },
    {
      what: '100 emails that are taken',
      body: { customers: seller.customers.slice(0, 100).map((id) => ({ id, email: 'x@example.com' })) },
    },
  ],
  'GET /api/customers/:id': ({ customers, longHistory }) => [
    { ids: customers },
    { what: 'the oldest version', ids: [longHistory], query: 'version=2' },
    { what: 'a version between snapshots', ids: [longHistory], query: 'version=1017' },
  ],
  'PATCH /api/customers/:id': ({ customers, longHistory }): Lawful[] => [
    { what: 'the largest', ids: customers, body: changed(), headers: { 'idempotency-key': randomUUID() } },
    { what: 'a dry run', ids: customers, query: 'dry_run=true', body: changed() },
    { what: 'a stale If-Match', ids: [longHistory], body: changed(), headers: { 'if-match': '"2"' } },
    { what: 'many stale tags', ids: [longHistory], body: changed(), headers: { 'if-match': STALE } },
    { what: 'an end of sessions', ids: customers, body: { status: 'suspended' } },
  ],
  'DELETE /api/customers/:id': (seller) => [
    { what: 'with a long history', another: () => seller.anotherLongHistory() },
  ],
  'GET /api/customers/:id/history': ({ customers, longHistory }) => [
    { what: 'of a large customer', ids: customers, query: 'limit=100' },
    { what: 'of large changes', ids: [longHistory], query: 'limit=100' },
    { what: 'the end of it', ids: [longHistory], query: `limit=100&cursor=${writeHistoryCursor(20)}` },
  ],
  'GET /api/events': ({ longHistory, afterLongHistory }) => [
    { what: 'large changes', query: 'limit=500' },
    { what: 'small changes of large customers', query: `limit=500&type=customer.updated&after=${afterLongHistory}` },
    { what: 'of one customer', query: `limit=500&customer_id=${longHistory}` },
    { what: 'of a rare type', query: 'limit=500&type=customer.deleted' },
    { what: 'creations of large customers', query: `limit=500&type=customer.created&after=${afterLongHistory}` },
  ],
  'POST /api/customers/:id/revert': ({ longHistory }) => [
    {
      what: 'to the oldest version',
      ids: [longHistory],
      body: { version: 2 },
      headers: { 'idempotency-key': randomUUID() },
    },
    { what: 'a dry run', ids: [longHistory], query: 'dry_run=true', body: { version: 1017 } },
  ],
  'POST /api/customers/:id/portal-sessions': ({ customers }) => [{ ids: customers.slice(1) }],
  'GET /api/api-keys': () => [{ query: 'limit=100' }],
  'POST /api/api-keys': () => [{ body: newKey }],
  'GET /api/api-keys/:id': ({ apiKey }) => [{ ids: [apiKey] }],
  'DELETE /api/api-keys/:id': (seller) => [{ another: () => seller.anotherKey() }],
  'POST /api/api-keys/:id/revoke': (seller) => [{ another: () => seller.anotherKey() }],
  'POST /api/api-keys/:id/rotate': (seller) => [
    { another: () => seller.anotherKey(), body: { overlap_seconds: 604800 } },
  ],
  'GET /api/webhooks': () => [{}],
  'POST /api/webhooks': () => [
    { body: { url: `https://x.de/${'x'.repeat(2000)}`, description: '\u0001'.repeat(200) } },
  ],
  'GET /api/webhooks/:id': ({ webhook }) => [{ ids: [webhook] }],
  'PATCH /api/webhooks/:id': ({ webhook }) => [
    { ids: [webhook], body: { description: `${Math.random()}`.padEnd(200, '\u0001') } },
  ],
  'DELETE /api/webhooks/:id': (seller) => [{ another: () => seller.anotherWebhook() }],
  'POST /api/webhooks/:id/rotate-secret': ({ webhook }) => [{ ids: [webhook] }],
  'POST /api/webhooks/:id/test': ({ webhook }) => [{ ids: [webhook] }],
  'GET /api/webhooks/:id/deliveries': ({ webhook }) => [
    { what: 'the largest page', ids: [webhook], query: 'limit=100' },
    { what: 'of one status', ids: [webhook], query: 'limit=100&status=failed' },
  ],
  'POST /api/webhooks/:id/deliveries/:event_id/retry': ({ webhook, event }) => [{ ids: [webhook, event] }],
  'POST /api/webhooks/:id/replay': ({ webhook }) => [{ ids: [webhook], body: { after: writeEventCursor(BEGINNING) } }],
};

/** A kind of request, of which each is another one: they change what there is. */
export interface RequestKind {
  what: string;
  make(): Promise<CostlyRequest>;
}

/** Throws where the table above misses a route that takes a key or a token; the others have no parameters. */
export function lawfulRequests({ method, path }: Route, seller: LargestSeller): RequestKind[] {
  const table = LAWFUL[`${method === 'HEAD' ? 'GET' : method} ${path}`];
  if (!table && path.startsWith('/api/')) throw new Error(`${method} ${path} is not in the table of costly requests`);
  const lawful: Make = table ?? (() => [{}]);
  return lawful(seller).map(({ what = 'the largest' }, index) => {
    return { what, make: () => toRequest({ method, path }, seller, lawful(seller)[index] as Lawful) };
  });
}

async function toRequest({ method, path }: Route, seller: LargestSeller, lawful: Lawful): Promise<CostlyRequest> {
  const { what = 'the largest', query, ids = [], another, headers = {}, body } = lawful;
  // Each request has its customer, as far as there are several.
  const [first = '', second = ''] = ids.length > 2 ? [ids[Math.floor(Math.random() * ids.length)]] : ids;
  const id = another ? await another() : first;
  const url = path.replace(':id', id).replace(':event_id', second).replace('*', 'assets/scalar.js');
  return {
    what,
    method,
    path: query ? `${url}?${query}` : url,
    headers: {
      'x-api-key': seller.account.key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}
