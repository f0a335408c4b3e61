import { SCOPES } from '../../src/api-keys/scopes';
import { makeAccount } from '../support/factories';
import { useService } from '../support/service';

describe('The service', () => {
  const service = useService();

  it('lets a key through no more once it is revoked, while 64 of its requests are under way', async () => {
    const manager = await makeAccount(service, { scopes: [...SCOPES] });
    const made = await Promise.all(Array.from({ length: 64 }, () => manager.makeCustomer()));
    for (let round = 0; round < 20; round++) {
      const { id, key } = await manager.makeKey();
      const send = ({ id }: { id: string }) => manager.patch(id, { first_name: `Name ${round}` }, { key });
      const underWay = made.map(send);
      expect((await manager.call('POST', `/api/api-keys/${id}/revoke`)).status).toBe(200);
      underWay.push(...made.map(send));
      const late = await Promise.all(underWay.slice(64));
      expect(new Set(late.map(({ status }) => status))).toEqual(new Set([401]));
      for (const { status } of await Promise.all(underWay)) expect([200, 401]).toContain(status);
    }
  }, 60_000);
});
