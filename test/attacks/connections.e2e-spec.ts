import { setTimeout as sleep } from 'node:timers/promises';
import { AttackedService, print } from '../support/attack';
import { type Account, makeAccount } from '../support/factories';
import { Flood } from '../support/flood';
import { databaseUrl, useService } from '../support/service';

const MAX_P99_MS = 250;
const MAX_RSS_MB = 350;
const MAX_RECOVERY_MS = 2000;

const ATTACK_MS = 5000;

describe('Silent connections', () => {
  const beside = useService();
  let other: Account;
  let path: string;

  beforeAll(async () => {
    other = await makeAccount(beside);
    path = `/api/customers/${(await other.makeCustomer()).id}`;
  });

  // The service takes 10,000.
  it.each([10_500])(
    '%d of them keep no other client out',
    async (count) => {
      const service = await AttackedService.start(databaseUrl());
      const change = () => ({ first_name: `Name ${Math.random()}` });
      let cut = 0;
      const figures = await service.during({ key: other.key, path, change, connectsAnew: true }, async () => {
        const flood = await Flood.start({ port: service.port, count, head: '', reopens: true });
        await sleep(ATTACK_MS);
        cut = await service.metric('http_connections_cut_total{sent="nothing"}');
        await flood.end();
      });
      print(`${count} silent connections`, { ...figures, cut });
      expect(Object.keys(figures.answers)).toEqual(['200']);
      expect(figures.p99).toBeLessThan(MAX_P99_MS);
      expect(figures.rssMb).toBeLessThan(MAX_RSS_MB);
      expect(figures.recovery).toBeLessThan(MAX_RECOVERY_MS);
      expect(cut).toBeGreaterThan(0);
      expect(await service.stop()).toBe(0);
    },
    60_000,
  );
});
