import { clearLine, cursorTo } from 'node:readline';
import { SingleBar } from 'cli-progress';
import { printError } from '../terminal';

/** A progress bar on stderr, when that is a terminal, and lines above it. */
export class Progress {
  private bar?: SingleBar;

  update(done: number, total?: number): void {
    if (!process.stderr.isTTY || total === undefined) return;
    if (!this.bar) this.start(total);
    this.bar?.update(done);
  }

  print(line: string): void {
    if (this.bar) {
      cursorTo(process.stderr, 0);
      clearLine(process.stderr, 0);
    }
    printError(line);
  }

  stop(): void {
    this.bar?.stop();
  }

  private start(total: number): void {
    this.bar = new SingleBar({
      format: '{bar} {percentage}%  {eta_formatted} left',
      stream: process.stderr,
      // A line that was printed has taken the bar's place.
      forceRedraw: true,
      // What SIGINT means is the import's.
      gracefulExit: false,
    });
    this.bar.start(total, 0);
  }
}
