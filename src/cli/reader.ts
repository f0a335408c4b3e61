import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

const STDOUT = 1;

/**
 * Calls back when nobody reads any more what is piped out. Node.js notices that only when it writes, but `tail` of GNU
 * notices it at once, and is then ended by SIGPIPE. Where there is no such `tail`, nothing is called.
 * @returns what ends the watch.
 */
export function watchReader(onGone: () => void): () => void {
  if (!fstatSync(STDOUT).isFIFO()) return () => undefined;
  const args = [`--pid=${process.pid}`, '--follow', '/dev/null'];
  const watcher = spawn('tail', args, { stdio: ['ignore', 'inherit', 'ignore'] });
  watcher.on('error', () => undefined);
  watcher.on('exit', (_, signal) => {
    if (signal === 'SIGPIPE') onGone();
  });
  return () => void watcher.kill();
}
