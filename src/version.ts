import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the service: that of its package, which is above the sources as well as above what is built of them. */
export const VERSION = String(JSON.parse(readFileSync(packageFile(__dirname), 'utf8')).version);

function packageFile(folder: string): string {
  const file = join(folder, 'package.json');
  return existsSync(file) ? file : packageFile(dirname(folder));
}
