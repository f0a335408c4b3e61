import type { Teardown } from './global-setup';

export default async function teardown(): Promise<void> {
  await (globalThis as unknown as { teardown: Teardown }).teardown();
}
