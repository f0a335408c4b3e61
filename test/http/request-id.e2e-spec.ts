import { request } from '../support/http';
import { useService } from '../support/service';

describe('X-Request-Id', () => {
  const service = useService();
  const url = (path: string) => `${service.url}${path}`;

  it.each(['a', 'A-1_b.c', 'x'.repeat(128)])('keeps %s', async (id) => {
    const { headers } = await request('GET', url('/health/live'), { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toBe(id);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'é', 'a,b', 'sk_live_x', 'id.ps_live_x'])('replaces %j', async (id) => {
    const { headers } = await request('GET', url('/nowhere'), { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
