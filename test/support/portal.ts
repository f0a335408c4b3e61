import type { Account } from './factories';
import { type Answer, request } from './http';
import type { Service } from './service';

/** Asks for a portal session of a customer, of the account's own service unless told otherwise. */
export function makeSession(account: Account, id: string, service: Service = account.service): Promise<Answer> {
  return request('POST', `${service.url}/api/customers/${id}/portal-sessions`, { key: account.key });
}

/** Reads the session that a token opens. */
export function readSession(service: Service, token: string): Promise<Answer> {
  return request('GET', `${service.url}/api/portal/session`, { headers: { authorization: `Bearer ${token}` } });
}
