import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { version } from '../../package.json';
import { writeCompletion } from '../../src/cli/completion';
import { createProgram } from '../../src/cli/program';
import { cli } from '../support/process';

/** A command with all commands below it. */
function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
}

describe('The help of the command line', () => {
  it('says what each command and option is for, and shows what to type', () => {
    for (const command of all(createProgram())) {
      const help = helpOf(command);
      expect({ command: command.name(), description: command.description() }).not.toMatchObject({ description: '' });
      expect(help).toContain('customers-cli ');
      expect(help).toMatch(/Examples:|completion bash/);
      expect(help).not.toContain('default: {}');
      for (const { flags, description } of command.options)
        expect({ flags, description }).not.toMatchObject({ description: '' });
    }
  });

  it('prints the version of the package, without a database', async () => {
    expect(await cli(['--version'], {})).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('and its documentation show commands and options that there are, and the documentation shows all commands', async () => {
    const page = await readFile('docs/command-line.md', 'utf8');
    const help = all(createProgram()).map(helpOf).join('\n');
    const shown = new Set<string>();
    for (const [, words = ''] of `${page}\n${help}`.matchAll(/^(?: {2})?(?:source <\()?customers-cli ([^|#\n]*)/gm)) {
      let command = createProgram();
      for (const word of words.split(' ')) command = command.commands.find((below) => below.name() === word) ?? command;
      shown.add(command.name());
      for (const [option] of words.matchAll(/(?<= )--[a-z-]+/g)) {
        const known = [...command.options.map(({ long }) => long), '--help'];
        expect({ words, known }).toMatchObject({ known: expect.arrayContaining([option]) });
      }
    }
    const leaves = all(createProgram()).filter(({ commands }) => commands.length === 0);
    expect([...shown]).toEqual(expect.arrayContaining(leaves.map((command) => command.name())));
  });

  it.each([
    [[''], ['migrate', 'sellers', 'keys', 'customers', 'events', 'webhooks', 'openapi', 'completion', 'help']],
    [['custom'], ['customers']],
    [
      ['customers', ''],
      ['create', 'show', 'history', 'import', 'export', 'help'],
    ],
    [
      ['keys', 'create', '--s'],
      ['--seller', '--scopes'],
    ],
    [
      ['customers', 'export', '--format', ''],
      ['csv', 'ndjson'],
    ],
    [['customers', 'import', '--seller', ''], []],
    [['completion', 'f'], ['fish']],
    [
      ['keys', 'create', '--scopes', ''],
      ['customers:read', 'customers:write', 'api_keys:manage', 'webhooks:manage'],
    ],
    [['keys', 'create', '--scopes', 'api_keys', ':', 'manage,w'], ['manage,webhooks:manage']],
    [['keys', 'create', '--scopes', 'customers', ':', 'w'], ['write']],
    [
      ['keys', 'create', '--scopes', 'customers', ':', 'read', '--s'],
      ['--seller', '--scopes'],
    ],
  ])('completes %j in bash', async (words, expected) => {
    const script = `${writeCompletion('bash', createProgram())}
      COMP_WORDS=(customers-cli "$@"); COMP_CWORD=$#; _customers_cli; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...words]);
    expect(stdout.trim().split(' ').filter(Boolean)).toEqual(expected);
  });
});
