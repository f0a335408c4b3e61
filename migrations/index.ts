import { CreateSellersAndApiKeys1763900000000 } from './1763900000000-CreateSellersAndApiKeys';
import { CreateCustomers1763900100000 } from './1763900100000-CreateCustomers';
import { ListCustomers1763900200000 } from './1763900200000-ListCustomers';
import { CreatePortalSessions1763900400000 } from './1763900400000-CreatePortalSessions';

/** Every migration, oldest first. */
export const migrations = [
  CreateSellersAndApiKeys1763900000000,
  CreateCustomers1763900100000,
  ListCustomers1763900200000,
  CreatePortalSessions1763900400000,
];
