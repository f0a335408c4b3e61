import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKeysService } from './api-keys/api-keys.service';
import { CustomersService } from './customers/customers.service';
import { SCOPES } from './http/caller';
import { SellersService } from './sellers/sellers.service';

/** Tells someone who has just started the service on its embedded database how to go on. */
export async function welcome(app: NestFastifyApplication): Promise<void> {
  const url = (await app.getUrl()).replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
  const demo = await createDemo(app);
  console.log(`\nVirtual Office Customers runs at ${url}, its documentation at ${url}/docs\n`);
  console.log(demo ? firstPatch(url, demo) : ANOTHER_KEY);
}

const ANOTHER_KEY = `The data of earlier starts is there. A key is shown only once; for another one:
  npm run --silent cli -- sellers list
  npm run --silent cli -- keys create --seller <id> --name "My key"\n`;

function firstPatch(url: string, { key, customerId }: { key: string; customerId: string }): string {
  return `A demo seller and customer are in place. This changes the customer (the key is shown only now):

  curl -X PATCH ${url}/api/customers/${customerId} \\
    -H 'X-API-Key: ${key}' \\
    -H 'Content-Type: application/json' \\
    -d '{"company_name": "Acme Corp", "language": "en"}'\n`;
}

/** Makes a seller, a customer and, last, a key in a database that has no key yet: a start that fails half-way is repeated. */
async function createDemo(app: NestFastifyApplication): Promise<{ key: string; customerId: string } | undefined> {
  const keys = app.get(ApiKeysService);
  if (!(await keys.isNone())) return undefined;
  const seller = await app.get(SellersService).create('Demo seller');
  const members = { first_name: 'John', last_name: 'Doe', email: 'john.doe@example.com' };
  const { customer } = await app.get(CustomersService).create(seller.id, members, 'cli');
  const { key } = await keys.create(seller.id, { name: 'Demo key', scopes: [...SCOPES] });
  return { key, customerId: customer.id };
}
