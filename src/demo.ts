import { ConflictException, type INestApplicationContext } from '@nestjs/common';
import { ApiKeysService } from './api-keys/api-keys.service';
import { CustomersService } from './customers/customers.service';
import { CustomerList } from './customers/list/customer-list';
import { SCOPES } from './api-keys/scopes';
import type { Seller } from './sellers/seller.entity';
import { SellersService } from './sellers/sellers.service';

const SELLER = 'Demo seller';
const CUSTOMER = { first_name: 'John', last_name: 'Doe', email: 'john.doe@example.com' };
/** The README shows what happens to a second customer who wants the same email. */
const OTHER_CUSTOMER = { first_name: 'Jane', last_name: 'Roe', email: 'taken@example.com' };
const KEY_LASTS_MS = 7 * 24 * 3600 * 1000;

interface Demo {
  key: string;
  customerId: string;
  otherCustomerId: string;
  /** The id of another key, on which to try rotating and revoking. */
  keyId: string;
}

/** Tells someone who has started the service on its embedded database how to go on. */
export async function welcome(app: INestApplicationContext, origin: string): Promise<void> {
  // An address that means all of this machine's is nothing to connect to.
  const url = origin.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
  const demo = await prepareDemo(app);
  console.log(`\nVirtual Office Customers runs at ${url}, its documentation at ${url}/docs\n`);
  console.log(demo ? whatToPaste(url, demo) : ANOTHER_KEY);
}

const ANOTHER_KEY = `The data of earlier starts is there. A key is shown only once; for another one:
  npm run --silent cli -- sellers list
  npm run --silent cli -- keys create --seller <id> --name "My key"\n`;

function whatToPaste(url: string, { key, customerId, otherCustomerId, keyId }: Demo): string {
  return `To go on, paste this into another terminal. The examples of README.md use these names; the key lasts a week, and
each start makes a new one:

  export API=${url}/api
  export KEY=${key}
  export ID=${customerId} OTHER_ID=${otherCustomerId} KEY_ID=${keyId}

And this changes a customer:

  curl -X PATCH ${url}/api/customers/${customerId} \\
    -H 'X-API-Key: ${key}' \\
    -H 'Content-Type: application/json' \\
    -d '{"company_name": "Acme Corp", "language": "en"}'\n`;
}

/** Makes what is missing of the demo, and new keys; nothing in a database whose sellers are others. */
async function prepareDemo(app: INestApplicationContext): Promise<Demo | undefined> {
  const seller = await demoSeller(app);
  if (!seller) return undefined;
  const keys = app.get(ApiKeysService);
  const expires_at = new Date(Date.now() + KEY_LASTS_MS);
  try {
    const { key } = await keys.create(seller.id, { name: 'Demo key', scopes: [...SCOPES], expires_at });
    const { id: keyId } = await keys.create(seller.id, { name: 'Demo key to try things on', expires_at });
    const customerId = await demoCustomer(app, seller, CUSTOMER);
    return { key, customerId, otherCustomerId: await demoCustomer(app, seller, OTHER_CUSTOMER), keyId };
  } catch (error) {
    // The seller may have all the keys or customers by now that it may have.
    if (error instanceof ConflictException) return undefined;
    throw error;
  }
}

async function demoSeller(app: INestApplicationContext): Promise<Seller | undefined> {
  const sellers = app.get(SellersService);
  const all = await sellers.list();
  return all.length > 0 ? all.find(({ name }) => name === SELLER) : sellers.create(SELLER);
}

async function demoCustomer(app: INestApplicationContext, { id }: Seller, members: typeof CUSTOMER): Promise<string> {
  const { customers } = await app.get(CustomerList).find(id, { email: members.email, limit: 1 });
  const [found] = customers;
  return found ? found.id : (await app.get(CustomersService).create(id, members, 'cli')).customer.id;
}
