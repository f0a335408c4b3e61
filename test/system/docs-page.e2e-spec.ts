import type { Locator } from 'playwright-core';
import { useBrowser } from '../support/browser';
import { DocsPage } from '../support/docs-page';
import { makeAccount } from '../support/factories';
import { useService } from '../support/service';

jest.setTimeout(90_000);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe('The documentation in a browser', () => {
  const service = useService();
  const visit = useBrowser();

  async function open(options = {}) {
    const { page, complaints } = await visit(`${service.url}/docs`, options);
    return { docs: new DocsPage(page), page, complaints };
  }

  it.each([
    ['a desktop', {}],
    ['a phone', PHONE],
    ['a dark desktop', { colorScheme: 'dark' as const }],
  ])('changes a customer from %s, without a complaint of the browser', async (_, options) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ company_name: 'Before', language: 'de' });
    const { docs, complaints } = await open(options);
    await docs.authorise(account.key);
    await docs.tryOut();
    const { status, body } = await docs.execute(id, '{"company_name": "After", "address_data": {"city": "Köln"}}');
    expect([status, body]).toMatchObject(['200', { id, company_name: 'After', address_data: { city: 'Köln' } }]);
    expect((await account.call('GET', `/api/customers/${id}`)).body).toEqual(body);
    expect(await account.row(id)).toMatchObject({ company_name: 'After', language: 'de', version: 2 });
    expect(complaints).toEqual([]);
  });

  it('shows the 401 without a key and with a wrong one', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { docs, complaints } = await open();
    await docs.tryOut();
    const change = '{"first_name": "Jane"}';
    expect(await docs.execute(id, change)).toMatchObject({ status: '401', body: { error: 'Unauthorized' } });
    await docs.authorise(`${account.key.slice(0, -1)}-`);
    expect(await docs.execute(id, change)).toMatchObject({ status: '401', body: { message: 'Invalid API key' } });
    expect(await account.row(id)).toMatchObject({ first_name: 'John', version: 1 });
    expect(beside(401, complaints)).toEqual([]);
  });

  it('shows what is wrong with a body', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { docs, complaints } = await open();
    await docs.authorise(account.key);
    await docs.tryOut();
    const { status, body } = await docs.execute(id, '{"frist_name": "Jane"}');
    expect([status, body.message]).toEqual(['400', 'body must NOT have additional properties']);
    expect(beside(400, complaints)).toEqual([]);
  });

  it('shows the product rather than its tools, and the customers first', async () => {
    const { page } = await open();
    const tags = await page
      .locator('.opblock-tag')
      .evaluateAll((all) => all.map((tag) => tag.getAttribute('data-tag')));
    expect(tags).toEqual(['Customers', 'Events', 'Webhooks', 'Portal', 'API keys', 'Account', 'Health']);
    expect(await page.title()).toBe('Virtual Office Customers');
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/^data:image\/svg\+xml,/);
    expect(await page.locator('#swagger-ui').innerText()).not.toMatch(/swagger|smartbear/i);
  });

  it('shows a PATCH on two screens: what it takes, an answer, and a line for each error that may be opened', async () => {
    const { docs } = await open();
    await docs.operation.locator('.opblock-summary-control').click();
    const errors = docs.operation.locator('.responses-table .response:not([data-code="200"])');
    await errors.last().waitFor();
    expect((await docs.operation.boundingBox())?.height).toBeLessThan(2400);
    const conflict = docs.operation.locator('.response[data-code="409"]');
    await conflict.getByRole('button', { name: 'Example' }).click();
    await conflict.getByText('A customer with this email already exists').waitFor();
    expect(await docs.excessWidth()).toBe(0);
  });

  it("fits on a phone's screen: nothing sticks out, and no button covers another", async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { docs, page } = await open(PHONE);
    const authorise = page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' });
    await authorise.waitFor();
    expect(await docs.excessWidth()).toBe(0);
    await authorise.click();
    await expectApart(docs.dialog.locator('button:visible, input:visible'));
    await docs.dialog.locator('.close-modal').click();

    await docs.authorise(account.key);
    await docs.tryOut();
    await docs.execute(id, '{"first_name": "Jane"}');
    expect(await docs.excessWidth()).toBe(0);
    await expectApart(docs.operation.locator('button:visible, input:visible, select:visible, textarea:visible'));
    const code = await docs.operation.locator('.live-responses-table .highlight-code code').first().boundingBox();
    const download = await docs.operation.locator('.live-responses-table .download-contents').boundingBox();
    expect(code && download && code.y + code.height <= download.y).toBe(true);
  });

  /** Chromium notes every answer from 400 on, which no page can prevent. */
  function beside(status: number, complaints: string[]): string[] {
    return complaints.filter(
      (text) => !text.startsWith(`Failed to load resource: the server responded with a status of ${status} `),
    );
  }

  /** Each is within the width of the screen, and by itself. All are measured in one step, as Swagger UI may draw again. */
  async function expectApart(controls: Locator): Promise<void> {
    const visible = await controls.evaluateAll((all) => all.map((control) => control.getBoundingClientRect().toJSON()));
    expect(visible.length).toBeGreaterThan(3);
    for (const [i, a] of visible.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width).toBeLessThanOrEqual(PHONE.viewport.width);
      for (const b of visible.slice(i + 1)) {
        const overlap = a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
        expect({ a, b, overlap }).toMatchObject({ overlap: false });
      }
    }
  }
});
