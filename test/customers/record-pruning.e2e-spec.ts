import { IdempotencyRecordPruner } from '../../src/customers/write/idempotency.repository';
import { makeAccount } from '../support/factories';
import { useService } from '../support/service';

describe('Records of requests', () => {
  const service = useService();

  it('are removed after 24 hours, however many there are, and not before', async () => {
    const account = await makeAccount(service);
    const { id } = account.seller;
    const insert = `INSERT INTO idempotency_records (seller_id, method, path, key, fingerprint, outcome, created_at)
      SELECT $1, 'PATCH', '/api/customers', n::text, '', '[]', now() - interval '24 hours' + n * interval '1 minute'
        FROM generate_series(-2500, 10) AS n WHERE n <> 0`;
    await account.sql(insert, [id]);
    await service.app.get(IdempotencyRecordPruner).prune();
    const left = await account.sql('SELECT key FROM idempotency_records WHERE seller_id = $1', [id]);
    expect(left.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
