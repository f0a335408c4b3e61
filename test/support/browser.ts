import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A step that takes longer is named by the error, before the test as a whole runs out of time. */
const PATIENCE = 20_000;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and all that went wrong in it: what the console calls an error, what failed to load, what the CSP forbade. */
export interface Visit {
  page: Page;
  complaints: string[];
}

export type Visitor = (url: string, options?: BrowserContextOptions) => Promise<Visit>;

/** Runs a headless Chromium with an empty profile for the tests of a file. */
export function useBrowser(): Visitor {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  return async (url, options) => {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints = collectComplaints(page);
    await page.goto(url);
    return { page, complaints };
  };
}

function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`There is no ${executablePath}. Install Debian's chromium, or name another one in CHROMIUM.`);
  }
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

function collectComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  return complaints;
}
