/** How to end something; `atOnce`: without waiting for clients or requests any more. */
type Ending = (atOnce: boolean) => Promise<void>;

interface EndingOptions {
  /** Also when the process ends at once: for what would go on after it. */
  evenAtOnce?: boolean;
}

/** A terminal sends its signal to npm and to the service, and npm passes its own on. So soon, a second signal is the same one. */
const SAME_SIGNAL_MS = 1000;

/** How long an end at once may take. */
const AT_ONCE_MS = 5000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The process from its start to its end, which is a signal or a failed start. */
export class Lifetime {
  private readonly stop = new AbortController();
  private readonly endings: { end: Ending; evenAtOnce: boolean }[] = [];
  private isEndingAtOnce = false;

  /** Aborted by the signal that asks for the end. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** Something to do at the end; what was started last ends first. */
  atEnd(end: Ending, { evenAtOnce = false }: EndingOptions = {}): void {
    this.endings.unshift({ end, evenAtOnce });
  }

  /**
   * Starts, and ends on SIGINT, SIGTERM or SIGHUP. A start that is under way is finished first, so that nothing half-made
   * remains. A later signal, or an uncaught error, ends the process at once.
   * @throws what `start` throws, after the end.
   */
  async run(start: (lifetime: Lifetime) => Promise<void>): Promise<void> {
    process.on('uncaughtException', (error) => {
      console.error(error);
      void this.endAtOnce();
    });
    const signalled = this.nextSignal();
    const started = start(this);
    await Promise.all([started, signalled]).finally(() => this.end());
  }

  private nextSignal(): Promise<void> {
    return new Promise((resolve) => {
      let received: number | undefined;
      for (const signal of SIGNALS) {
        process.on(signal, () => {
          received ??= performance.now();
          if (performance.now() - received > SAME_SIGNAL_MS) void this.endAtOnce();
          this.stop.abort();
          resolve();
        });
      }
    });
  }

  private async end(): Promise<void> {
    for (const { end } of this.endings) await end(false);
  }

  private async endAtOnce(): Promise<void> {
    if (this.isEndingAtOnce) return;
    this.isEndingAtOnce = true;
    setTimeout(() => process.exit(1), AT_ONCE_MS);
    const needed = this.endings.filter(({ evenAtOnce }) => evenAtOnce);
    await Promise.allSettled(needed.map(({ end }) => end(true)));
    process.exit(1);
  }
}
