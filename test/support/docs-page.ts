import type { Locator, Page } from 'playwright-core';

/** The page at /docs as a reader uses it. */
export class DocsPage {
  readonly operation: Locator;

  constructor(readonly page: Page) {
    this.operation = page.locator('.opblock-patch', { has: page.locator('[data-path="/api/customers/{id}"]') });
  }

  /** Puts the key where the cursor is when the dialog opens. */
  async authorise(key: string): Promise<void> {
    await this.page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click();
    await this.dialog.locator('#api_key_value:focus').waitFor();
    await this.page.keyboard.type(key);
    await this.page.keyboard.press('Enter');
    await this.dialog.getByText('Authorized', { exact: true }).waitFor();
    await this.dialog.locator('.close-modal').click();
    await this.dialog.waitFor({ state: 'detached' });
  }

  /** Opens the PATCH of a customer for trying it out. */
  async tryOut(): Promise<void> {
    await this.operation.locator('.opblock-summary-control').click();
    await this.button('Try it out').click();
  }

  /** Sends the PATCH, and reads the answer off the page. */
  async execute(id: string, body: string): Promise<{ status: string; body: any }> {
    await this.id.fill(id);
    await this.body.fill(body);
    await this.button('Execute').click();
    const answer = this.operation.locator('.live-responses-table .response');
    const status = await answer.locator('.response-col_status').innerText();
    const text = await answer.locator('.highlight-code code').first().innerText();
    return { status: status.trim().split(/\s/)[0] ?? '', body: JSON.parse(text) };
  }

  get dialog(): Locator {
    return this.page.locator('.dialog-ux');
  }

  get id(): Locator {
    return this.operation.locator('tr[data-param-name="id"] input');
  }

  get body(): Locator {
    return this.operation.locator('textarea.body-param__text');
  }

  button(name: string): Locator {
    return this.operation.getByRole('button', { name, exact: true });
  }

  /** How far the page is wider than the screen. */
  excessWidth(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
  }
}
