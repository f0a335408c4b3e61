import { useBrowser } from '../support/browser';
import { useService } from '../support/service';

jest.setTimeout(90_000);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' as const };

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
});
