import type { UpdateCustomerDto } from '../dto/update-customer.dto';
import { rowKey } from '../rows';
import type { Job } from './change';
import { ownerKey } from './facts/emails';

/**
 * Several changes have to take effect together, reverts read what may not change meanwhile, and who ends sessions has to
 * hold the customer before it looks for them. What is undone at the end must not hold up others.
 */
export function hasToGoAlone({ changes, isBulk, dryRun }: Job): boolean {
  const [change] = changes;
  if (isBulk || dryRun || !change) return true;
  return change.type === 'patch' ? endsSessions(change.patch) : change.type !== 'create';
}

/** Whether a job may have to wait until somebody else has decided on an email. */
export function wantsEmail({ changes }: Job): boolean {
  return changes.some((change) => change.type === 'create' || (change.type === 'patch' && change.patch.email));
}

/** The customers of a job. */
export function customersOf({ sellerId, changes }: Job): string[] {
  return changes.flatMap((change) => (change.type === 'create' ? [] : [rowKey(sellerId, change.id)]));
}

/** What no two jobs that are under way may have in common. Alone, one at most waits for an email. */
export function keysOf(job: Job, isAlone: boolean): string[] {
  const customers = customersOf(job);
  if (!isAlone) return customers;
  const { sellerId, changes } = job;
  const others = changes.flatMap((change) => {
    if (change.type === 'create') return [ownerKey(sellerId, change.customer.email)];
    return change.type === 'patch' && change.patch.email ? [ownerKey(sellerId, change.patch.email)] : [];
  });
  return [...new Set([...customers, ...others])];
}

function endsSessions({ status }: UpdateCustomerDto): boolean {
  return status !== undefined && status !== 'active';
}
