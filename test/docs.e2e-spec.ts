import { makeAccount } from './support/factories';
import { request } from './support/http';
import { useService } from './support/service';

describe('The documentation', () => {
  const service = useService();
  const get = (path: string) => request('GET', `${service.url}${path}`);

  it('is a Swagger UI page with all that it loads', async () => {
    const { status, headers, body } = await get('/docs');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    const assets = [...body.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, path]) => path);
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const path of assets) {
      const asset = await fetch(new URL(path, `${service.url}/docs`));
      expect([path, asset.status]).toEqual([path, 200]);
      await asset.arrayBuffer();
    }
  });

  it('is the same document as JSON and YAML', async () => {
    const json = await get('/docs-json');
    expect(json.body.openapi).toBe('3.1.0');
    const yaml = await get('/docs-yaml');
    expect(yaml.body).toMatch(/^openapi: 3\.1\.0$/m);
    expect(yaml.body).toContain('/api/customers/{id}:');
  });

  it('tells limits, nullability and an example of every member', async () => {
    const { body } = await get('/docs-json');
    const { UpdateCustomerDto: change, CustomerDto: customer } = body.components.schemas;
    expect(change).toMatchObject({ type: 'object', additionalProperties: false, minProperties: 1 });
    expect(change.required).toBeUndefined();
    expect(change.properties).toMatchObject({
      first_name: { type: 'string', minLength: 1, maxLength: 100, pattern: '\\S' },
      email: { type: 'string', format: 'email', maxLength: 254 },
      company_name: { type: ['string', 'null'], maxLength: 200 },
      language: { type: ['string', 'null'], enum: ['en', 'de', null] },
      status: { type: 'string', enum: ['active', 'inactive', 'suspended'] },
      address_data: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: { postal_code: { type: ['string', 'null'], minLength: 1, maxLength: 20 } },
      },
    });
    for (const { description, example } of Object.values<any>(change.properties)) {
      expect([description, example]).toEqual([expect.any(String), expect.anything()]);
    }
    expect(customer.required).toHaveLength(14);
  });

  it('gives every answer a body, in both forms where it is an error', async () => {
    const { body } = await get('/docs-json');
    const { responses, security } = body.paths['/api/customers/{id}'].patch;
    const errors = ['400', '401', '403', '404', '408', '409', '412', '413', '415', '417', '422', '431', '500', '503'];
    expect(Object.keys(responses)).toEqual(['200', ...errors]);
    for (const status of errors) {
      const { content } = responses[status];
      expect(Object.keys(content)).toEqual(['application/json', 'application/problem+json']);
      expect(Object.keys(content['application/json'].example)).toEqual(['error', 'message']);
      expect(content['application/problem+json'].example.status).toBe(Number(status));
    }
    expect(security).toEqual([{ ApiKeyHeader: [] }, { BearerToken: [] }]);
  });

  it('has an example that works', async () => {
    const { body: document } = await get('/docs-json');
    const account = await makeAccount(service);
    const { content } = document.paths['/api/customers/{id}'].patch.requestBody;
    for (const { value } of Object.values<any>(content['application/json'].examples)) {
      const { id } = await account.makeCustomer();
      const { status, body } = await account.patch(id, value);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(document.components.schemas.CustomerDto.required);
    }
  });
});
