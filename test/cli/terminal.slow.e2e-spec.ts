import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { cli, inTemporaryFolder } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { HOSTILE, unsafeIn } from '../support/terminal';
import { makeWebhook } from '../support/webhooks';

const ENV = { DATABASE_URL: databaseUrl(), WEBHOOK_SECRET_KEY: '0'.repeat(64), WEBHOOK_ALLOW_PRIVATE: 'true' };

describe('What each command prints', () => {
  const service = useService();
  let account: Account;
  let id: string;
  let lines: Record<string, string[][]>;

  beforeEach(async () => {
    account = await makeAccount(service, { name: HOSTILE });
    const address_data = { city: HOSTILE };
    ({ id } = await account.makeCustomer({ first_name: HOSTILE, company_name: HOSTILE, address_data }));
    await account.patch(id, { last_name: HOSTILE, address_data: { city: null, street: HOSTILE } });
    const webhook = await makeWebhook(account, { description: HOSTILE });
    const seller = ['--seller', account.seller.id];
    const person = ['--first-name', HOSTILE, '--last-name', HOSTILE, '--email'];
    lines = {
      migrate: [[], [HOSTILE]],
      'sellers create': [['--name', HOSTILE]],
      'sellers list': [[]],
      'keys create': [[...seller, '--name', HOSTILE]],
      'keys revoke': [[account.apiKey.id], [HOSTILE]],
      'keys list': [seller],
      'customers create': [
        [...seller, ...person, uniqueEmail()],
        [...seller, ...person, HOSTILE],
      ],
      'customers show': [[...seller, id]],
      'customers history': [[...seller, id]],
      'customers import': [
        [...seller, 'values.csv'],
        [...seller, 'header.csv'],
        [...seller, `${HOSTILE}.csv`],
      ],
      'customers export': [[...seller, '--output', `${HOSTILE}.xlsx`]],
      'events tail': [
        [...seller, '--no-follow'],
        [...seller, '--type', HOSTILE],
      ],
      'webhooks list': [seller],
      'webhooks test': [[...seller, webhook.id]],
      'webhooks replay': [
        [...seller, '--after', 'latest', webhook.id],
        [...seller, '--after', HOSTILE, webhook.id],
      ],
      openapi: [[`nowhere/${HOSTILE}`]],
      completion: [['bash'], ['fish'], [HOSTILE]],
    };
  });

  it(
    'holds nothing that a terminal could take for a command, for each command',
    () =>
      inTemporaryFolder(async (folder) => {
        expect(Object.keys(lines)).toEqual(leavesOf(createProgram()));
        const quoted = `"${HOSTILE}"`;
        await writeFile(join(folder, 'values.csv'), `first_name,last_name,email,status\nJ,D,${quoted},${quoted}\n`);
        await writeFile(join(folder, 'header.csv'), `first_name,last_name,email,${quoted}\n`);
        for (const [command, runs] of Object.entries(lines)) {
          for (const args of runs) {
            const inFolder = args.map((arg) => (arg.endsWith('.csv') ? join(folder, arg) : arg));
            const { stdout, stderr } = await cli([...command.split(' '), ...inFolder], ENV);
            expect({ command, unsafe: unsafeIn(stdout + stderr) }).toEqual({ command, unsafe: [] });
            expect({ command, printed: stdout + stderr }).not.toEqual({ command, printed: '' });
            expect(`${stdout}\n${stderr}`.split('\n')).not.toContain(expect.stringMatching(/^second line/));
          }
        }
      }),
    120_000,
  );

  it('is data as it is stored where an export goes to another program, and escaped on a terminal', async () => {
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl() };
    const command = `${process.execPath} dist/src/cli/main.js customers export --seller ${account.seller.id}`;
    const { stdout: piped } = await promisify(execFile)('sh', ['-c', `${command} | cat`], { env });
    expect(piped).toContain(HOSTILE);
    for (const format of ['csv', 'ndjson']) {
      const seen = await promisify(execFile)('script', ['-qec', `${command} --format ${format}`, '/dev/null'], { env });
      const text = seen.stdout.replaceAll('\r\n', '\n');
      expect(unsafeIn(text)).toEqual([]);
      expect(text).toContain('x\\u001b]0;owned\\u0007\\u001b[31m\\nsecond line\\r\\u009b2J');
    }
  });
});

/** The commands that do something, with their groups in front. */
function leavesOf(command: Command, path: string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  return command.commands.flatMap((below) => leavesOf(below, [...path, below.name()]));
}
