import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { databaseUrl } from '../support/service';

describe('The log on a terminal', () => {
  it('is for people: a line for each entry, not JSON', async () => {
    // `script` gives the service a terminal as its output.
    const command = `exec ${process.execPath} dist/src/main.js`;
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl(), PORT: '0', METRICS_PORT: '0' };
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
    const exit = once(terminal, 'exit');
    let output = '';
    for (const stream of [terminal.stdout, terminal.stderr]) stream.on('data', (text) => (output += text));
    while (!output.includes('Server listening') && terminal.exitCode === null) await once(terminal.stdout, 'data');
    terminal.kill('SIGTERM');
    await exit;
    expect(output).toMatch(/^\S*\[\d\d:\d\d:\d\d\].*INFO.*Server listening at http:\/\/127\.0\.0\.1:\d+/m);
    expect(output).not.toContain('"msg"');
  });
});
