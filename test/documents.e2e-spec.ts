import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { scripts } from '../package.json';

const FOLDERS = ['src', 'test', 'docs', 'migrations', 'deploy', '.ci', '.github'];

async function readDocuments(): Promise<{ file: string; text: string }[]> {
  const docs = (await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs].map((file) => ({
    file,
    text: readFileSync(file, 'utf8'),
  }));
}

/** The anchors that GitHub makes of the headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

describe('The documents', () => {
  it('have links that lead somewhere', async () => {
    const broken: string[] = [];
    for (const { file, text } of await readDocuments()) {
      for (const [link, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
        const path = target ? join(dirname(file), target) : file;
        const isFound = exists(path) && (!anchor || anchorsOf(readFileSync(path, 'utf8')).includes(anchor));
        if (!isFound) broken.push(`${file}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('name files and folders that are there', async () => {
    const missing: string[] = [];
    const path = new RegExp(`\`((?:${FOLDERS.map((name) => name.replace('.', '\\.')).join('|')})/[\\w./-]*)\``, 'g');
    for (const { file, text } of await readDocuments()) {
      for (const [, name = ''] of text.matchAll(path)) if (!exists(name)) missing.push(`${file}: ${name}`);
    }
    expect(missing).toEqual([]);
  });

  it('name scripts that there are', async () => {
    const missing: string[] = [];
    for (const { file, text } of await readDocuments()) {
      for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
        if (!(name in scripts)) missing.push(`${file}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
