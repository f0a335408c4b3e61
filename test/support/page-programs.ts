import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export const PAGE = 'docs/keep-a-copy.md';

/** Writes the programs of the page into a folder, where they find their library and nothing else of this repository. */
export async function extractPrograms(folder: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const programs = [...page.matchAll(/^```js\n\/\/ (\S+\.mjs)\n([^]*?)^```/gm)];
  expect(programs.map(([, name]) => name)).toEqual(['feed.mjs', 'receiver.mjs', 'list.mjs']);
  for (const [, name = '', text = ''] of programs) await writeFile(join(folder, name), text);
  await mkdir(join(folder, 'node_modules'));
  await symlink(resolve('node_modules/standardwebhooks'), join(folder, 'node_modules/standardwebhooks'));
}

/** Programs of the page, each in a process of its own. */
export class Programs {
  private readonly running: ChildProcess[] = [];
  output = '';

  constructor(private readonly folder: string) {}

  start(name: string, env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(process.execPath, [name], { cwd: this.folder, env: { PATH: process.env.PATH, ...env } });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.output += text));
    this.running.push(child);
    return child;
  }

  end(): void {
    for (const child of this.running) child.kill('SIGKILL');
  }
}
