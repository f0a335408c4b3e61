import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inTemporaryFolder, ServiceProcess } from './support/process';

/** In the order in which somebody new reads them. */
const TEXT = ['README.md', 'docs/examples.md'].map((file) => readFileSync(file, 'utf8')).join('\n');

/** Does what curl does with the options that the README uses, and notes the status. Not every machine has curl. */
const CURL = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
const [headers, rest] = [[], process.argv.slice(2)];
let method, url, body;
while (rest.length > 0) {
  const argument = rest.shift();
  if (argument === '-X') method = rest.shift();
  else if (argument === '-H') headers.push(rest.shift().split(/: (.*)/s).slice(0, 2));
  else if (argument === '-d') body = rest.shift();
  else if (/^https?:/.test(argument)) url = argument;
  else if (argument !== '-i' && argument !== '-s') throw new Error('No option of this curl: ' + argument);
}
fetch(url, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, body }).then(async (response) => {
  appendFileSync(process.env.STATUSES, response.status + '\\n');
  process.stdout.write(await response.text());
});
`;

interface Example {
  /** The answer that the text promises. */
  status: number;
  command: string;
}

/** The examples in the order in which a reader meets them: shell blocks, and the rows of bodies to try instead. */
function readExamples(): Example[] {
  const found = TEXT.matchAll(/^```sh\n(?<block>[^]*?)^```$|^\| `(?<body>\{.*\})` *\| (?<status>\d{3}) /gm);
  return [...found].flatMap(({ groups: { block = '', body, status } = {} }) => {
    if (body) return [{ status: Number(status), command: firstPatch().replace(/-d '.*'/, `-d '${body}'`) }];
    return [...block.matchAll(/^# (\d{3})\b.*\n((?:(?!#).+\n)+)/gm)].map(([, promised, command = '']) => ({
      status: Number(promised),
      command,
    }));
  });
}

function firstPatch(): string {
  return /^curl .*-X PATCH[^]*?-d '.*'/m.exec(TEXT)?.[0] ?? '';
}

describe('The README and the examples', () => {
  it('have a promised status with each curl line', () => {
    const lines = TEXT.match(/^.*\bcurl .*\$API/gm) ?? [];
    const examples = readExamples().filter(({ command }) => TEXT.includes(command));
    expect(examples).toHaveLength(lines.length);
    expect(lines.length).toBeGreaterThan(20);
  });

  it(
    'keep their promises when they are followed from top to bottom after a fresh start',
    () =>
      inTemporaryFolder(async (folder) => {
        const service = ServiceProcess.start(['--embedded'], { DATA_DIR: join(folder, 'data') });
        await service.prints(/curl -X PATCH/);
        const printed = service.output.match(/^ +export .*$/gm)?.map((line) => line.trim()) ?? [];
        const examples = readExamples();
        await writeFile(join(folder, 'curl'), CURL, { mode: 0o755 });
        const script = [...printed, ...examples.map(({ command }) => command)].join('\n');
        const STATUSES = join(folder, 'statuses');
        const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
        await promisify(execFile)('sh', ['-euc', script], { env: { PATH, STATUSES } });
        const statuses = (await readFile(STATUSES, 'utf8')).trim().split('\n').map(Number);
        const commands = examples.map(({ command }) => command);
        expect(statuses.map((status, i) => ({ status, command: commands[i] }))).toEqual(examples);
        expect(await service.end('SIGTERM')).toBe(0);
      }),
    60_000,
  );
});
