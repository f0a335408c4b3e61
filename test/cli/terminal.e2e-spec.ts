import { safeJson, visible } from '../../src/terminal';
import { makeAccount } from '../support/factories';
import { cli } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { HOSTILE, unsafeIn } from '../support/terminal';

describe('What the command line prints', () => {
  const service = useService();

  it('is safe JSON with --json, which means the same', async () => {
    const { seller } = await makeAccount(service, { name: HOSTILE });
    const args = ['keys', 'list', '--seller', seller.id, '--json'];
    const { stdout } = await cli(args, { DATABASE_URL: databaseUrl() });
    expect(unsafeIn(stdout)).toEqual([]);
    expect(JSON.parse(stdout).data[0].name).toBe(HOSTILE);
  });

  it('shows what it escapes', () => {
    expect(visible('a\tb\u202ec\u{e0041}\ud800é€😀')).toBe('a\\tb\\u202ec\\u{e0041}\\ud800é€😀');
    expect(safeJson({ a: '\u202e\u{e0041}\u009b😀' })).toBe('{"a":"\\u202e\\udb40\\udc41\\u009b😀"}');
  });
});
