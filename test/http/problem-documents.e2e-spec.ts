import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { useService } from '../support/service';

const PROBLEM = { headers: { accept: 'application/problem+json' } };

describe('Problem documents', () => {
  const service = useService();
  const url = (path: string) => `${service.url}${path}`;

  async function customer() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    return { account, id, path: `/api/customers/${id}` };
  }

  it('describe a missing customer', async () => {
    const { account } = await customer();
    const { status, headers, body } = await account.patch(
      '550e8400-e29b-41d4-a716-446655440000',
      { first_name: 'J' },
      PROBLEM,
    );
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(body).toEqual({
      type: '/problems/not-found',
      title: 'Not Found',
      status: 404,
      detail: 'Customer not found',
      instance: headers.get('x-request-id'),
    });
  });

  it('name the member of a conflict', async () => {
    const { account, id } = await customer();
    const { email } = await account.makeCustomer();
    const { body } = await account.patch(id, { email }, PROBLEM);
    expect(body).toMatchObject({ type: '/problems/email-conflict', title: 'Conflict', status: 409, field: 'email' });
  });

  it('list every violation', async () => {
    const { account, id } = await customer();
    const sent = {
      frist_name: 'x',
      id: 'x',
      first_name: '',
      email: 'a@b',
      language: 'fr',
      address_data: { 'zip~/': 1, city: 5 },
    };
    const { status, body } = await account.patch(id, sent, PROBLEM);
    expect([status, body.detail]).toEqual([400, 'body must NOT have additional properties']);
    expect(body.errors.map(({ message: _, ...rest }: { message: string }) => rest)).toEqual([
      { pointer: '/frist_name', code: 'additional_property', suggestion: 'first_name' },
      { pointer: '/id', code: 'additional_property' },
      { pointer: '/first_name', code: 'min_length', limit: 1 },
      { pointer: '/first_name', code: 'pattern' },
      { pointer: '/email', code: 'format' },
      { pointer: '/language', code: 'enum', allowed: ['en', 'de', null] },
      { pointer: '/address_data/zip~0~1', code: 'additional_property' },
      { pointer: '/address_data/city', code: 'type' },
    ]);
    for (const { message } of body.errors) expect(message).toMatch(/^body(\/\S+)? must /);
  });

  it.each([
    [{ first_name: 'x'.repeat(101) }, { pointer: '/first_name', code: 'max_length', limit: 100 }],
    [{}, { pointer: '', code: 'min_properties', limit: 1 }],
    [[], { pointer: '', code: 'type' }],
    ['{', { pointer: '', code: 'syntax' }],
  ])('give the code of the violation in %j', async (sent, violation) => {
    const { account, id } = await customer();
    const { body } = await account.patch(id, sent, PROBLEM);
    expect(body.errors).toEqual([{ ...violation, message: body.detail }]);
  });

  it.each([
    ['application/problem+json', true],
    ['Application/Problem+JSON ; Q=0.5', true],
    ['application/json;q=0.5, application/problem+json', true],
    ['application/json; q=0.899, application/problem+json; q=0.9', true],
    ['application/problem+json, */*;q=0.1', true],
    ['application/problem+json, application/json;q=0', true],
    ['application/problem+json;q=0.001, text/html', true],
    ['text/html, application/problem+json;q=0.2, application/*;q=0.1', true],
    // The most specific range decides, wherever it stands.
    ['*/*, application/json;q=0.5', true],
    ['application/json, application/problem+json;q=0.9', false],
    ['application/json, application/problem+json', false],
    ['application/problem+json, application/json', false],
    ['application/json;q=0.5, application/problem+json;q=0.50', false],
    ['application/problem+json;q=0.5, */*', false],
    ['application/problem+json, */*', false],
    ['application/problem+json;q=0', false],
    ['application/problem+json;q=high', false],
    ['application/problem+json;q=2', false],
    ['application/problem+xml', false],
    ['text/html', false],
    [',;,=,"', false],
    ['application/*', false],
    ['*/*', false],
    ['', false],
  ])('are for clients that prefer them: %s', async (accept, expected) => {
    const { headers } = await request('GET', url('/nowhere'), { headers: { accept } });
    expect(headers.get('content-type')).toBe(expected ? 'application/problem+json' : 'application/json; charset=utf-8');
    expect(headers.get('vary')).toBe('accept');
  });

  it('serve for what Fastify refuses by itself, too', async () => {
    const { account, id } = await customer();
    const large = await account.patch(id, 'x'.repeat(70_000), PROBLEM);
    expect(large.body).toMatchObject({ type: '/problems/payload-too-large', status: 413 });
    const notAllowed = await request('PUT', url(`/api/customers/${id}`), PROBLEM);
    expect(notAllowed.body).toMatchObject({ type: '/problems/method-not-allowed', status: 405 });
    const badPath = await request('GET', url('/%zz'), PROBLEM);
    expect(badPath.body).toMatchObject({ type: '/problems/bad-request', status: 400 });
  });
});
