import { useBrowser } from '../support/browser';
import { useService } from '../support/service';

jest.setTimeout(90_000);

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' as const };

describe('The reference in a browser', () => {
  const service = useService();
  const visit = useBrowser();

  it.each([
    ['a desktop', {}],
    ['a dark phone', PHONE],
  ])('shows every operation on %s, and asks nobody but this service', async (_, options) => {
    const { page, complaints } = await visit('about:blank', options);
    const hosts = new Set<string>();
    page.on('request', (request) => request.url().startsWith('http') && hosts.add(new URL(request.url()).origin));
    await page.goto(`${service.url}/reference`);
    await page.getByRole('heading', { name: 'Virtual Office Customers' }).waitFor();
    await page.getByText('Update a customer').first().waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    expect([...hosts]).toEqual([service.url.replace(/\/$/, '')]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0);
  });
});
