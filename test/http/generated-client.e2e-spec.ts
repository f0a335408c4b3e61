import createClient from 'openapi-fetch';
import type { paths } from '../support/api';
import { makeAccount, uniqueEmail } from '../support/factories';
import { useService } from '../support/service';

describe('A TypeScript client generated from the OpenAPI document', () => {
  const service = useService();

  it('leads a customer through its whole life', async () => {
    const { key, seller } = await makeAccount(service);
    const client = createClient<paths>({ baseUrl: service.url, headers: { 'X-API-Key': key } });
    const person = { first_name: 'John', last_name: 'Doe', email: uniqueEmail() };

    const created = await client.POST('/api/customers', { body: { ...person, address_data: { city: 'Bonn' } } });
    expect(created.data).toMatchObject({ ...person, seller_id: seller.id, address_data: { city: 'Bonn' } });
    const path = { id: created.data?.id ?? '' };

    const listed = await client.GET('/api/customers', { params: { query: { status: 'active', limit: 1 } } });
    expect(listed.data).toEqual({ data: [created.data], next_cursor: null, as_of: expect.any(String) });

    const changed = await client.PATCH('/api/customers/{id}', {
      params: { path },
      body: { language: 'en', company_name: null, address_data: { city: null, street: 'A 1' } },
    });
    expect(changed.data).toMatchObject({ language: 'en', address_data: { street: 'A 1' } });

    const read = await client.GET('/api/customers/{id}', { params: { path } });
    expect(read.data).toEqual(changed.data);

    const known = await client.GET('/api/customers/{id}', {
      params: { path, header: { 'If-None-Match': read.response.headers.get('etag') ?? '' } },
    });
    expect(known.response.status).toBe(304);

    const session = await client.POST('/api/customers/{id}/portal-sessions', { params: { path } });
    const portal = createClient<paths>({
      baseUrl: service.url,
      headers: { Authorization: `Bearer ${session.data?.token}` },
    });
    expect((await portal.GET('/api/portal/session')).data?.customer).toEqual(read.data);
    await client.PATCH('/api/customers/{id}', { params: { path }, body: { status: 'suspended' } });
    const ended = await portal.GET('/api/portal/session');
    expect(ended.error).toEqual({ error: 'Unauthorized', message: 'Portal session is not valid' });

    await client.POST('/api/customers', { body: { ...person, email: uniqueEmail() } });
    const newest = await client.GET('/api/customers', { params: { query: { limit: 1 } } });
    const cursor = newest.data?.next_cursor ?? '';
    const next = await client.GET('/api/customers', { params: { query: { limit: 1, cursor } } });
    expect(next.data?.data.map(({ id }) => id)).toEqual([path.id]);

    const refused = await client.PATCH('/api/customers/{id}', { params: { path }, body: { email: 'a@b' } });
    expect(refused.error).toEqual({ error: 'Bad Request', message: 'body/email must match format "email"' });

    expect((await client.DELETE('/api/customers/{id}', { params: { path } })).response.status).toBe(204);
    const gone = await client.GET('/api/customers/{id}', { params: { path } });
    expect(gone.error).toEqual({ error: 'Not Found', message: 'Customer not found' });
  });
});
