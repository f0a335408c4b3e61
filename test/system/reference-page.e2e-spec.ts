import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SCOPES } from '../../src/api-keys/scopes';
import { useBrowser } from '../support/browser';
import { makeAccount } from '../support/factories';
import { operationsOf } from '../support/operations';
import { useService } from '../support/service';
import { makeWebhookWithDelivery } from '../support/webhooks';

jest.setTimeout(90_000);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' as const };

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const QUIETLY = "--silent --output /dev/null --write-out '%{http_code}'";

/** Long enough for what a page asks for once it is idle. */
const SETTLE_MS = 2000;

describe('The reference in a browser', () => {
  const service = useService();
  const visit = useBrowser();

  it.each([
    ['a desktop', {}],
    ['a dark phone', PHONE],
  ])('shows every operation on %s, and asks nobody but this service', async (_, options) => {
    const { page, complaints } = await visit('about:blank', options);
    const hosts = new Set<string>();
    const underWay = new Set<string>();
    page.on('request', (request) => {
      if (!request.url().startsWith('http')) return;
      hosts.add(new URL(request.url()).origin);
      underWay.add(request.url());
    });
    page.on('requestfinished', (request) => underWay.delete(request.url()));
    await page.goto(`${service.url}/reference`);
    await page.getByRole('heading', { name: 'Virtual Office Customers' }).waitFor();
    await page.getByText('Update a customer').first().waitFor({ state: 'attached' });
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await page.waitForTimeout(SETTLE_MS);
    expect([...underWay]).toEqual([]);
    expect([...hosts]).toEqual([service.url.replace(/\/$/, '')]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
  });

  it('has a sample for every operation that works as it stands, but for the key and the ids', async () => {
    const { page } = await visit(`${service.url}/reference`);
    for (const { method, path, needs, tag } of await operationsOf(service.url)) {
      const anchor = `tag/${tag.toLowerCase().replace(' ', '-')}/${method}${path}`;
      await page.evaluate(`location.hash = ${JSON.stringify(anchor)}`);
      const sample = (await page.locator(`[id$="/${anchor}"] .code-snippet`).innerText()).trim();
      const account = await makeAccount(service, { scopes: [...SCOPES] });
      const { id } = await account.makeCustomer();
      const key = await account.makeKey();
      const webhook = await makeWebhookWithDelivery(account);
      const session = await account.call('POST', `/api/customers/${id}/portal-sessions`);
      const target = { 'api-keys': key.id, webhooks: webhook.id }[path.split('/')[2] ?? ''] ?? id;
      const command = sample
        .replaceAll(UUID.exec(sample)?.[0] ?? 'no id', target)
        .replace('YOUR_SECRET_TOKEN', needs === 'key' ? account.key : session.body.token);
      const { stdout: status } = await promisify(execFile)('sh', ['-c', `${command} ${QUIETLY}`]);
      expect([method, path, status]).toEqual([method, path, expect.stringMatching(/^2\d\d$/)]);
    }
  });
});
