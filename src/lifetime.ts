/** From the start of the process to its end, which a signal or a failed start brings. */
export class Lifetime {
  private readonly stop = new AbortController();
  private readonly endings: (() => Promise<void>)[] = [];

  /** Aborted by the signal that asks for the end. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** Something to do at the end; what was started last ends first. */
  atEnd(ending: () => Promise<void>): void {
    this.endings.unshift(ending);
  }

  /**
   * Starts, and ends on SIGINT or SIGTERM: after the start when that is still under way, so that nothing half-made stays
   * behind. A second signal ends the process at once.
   * @throws what `start` throws, after the end.
   */
  async run(start: (lifetime: Lifetime) => Promise<void>): Promise<void> {
    const signalled = this.nextSignal();
    const started = start(this);
    await Promise.all([started, signalled]).finally(() => this.end());
  }

  private nextSignal(): Promise<void> {
    return new Promise((resolve) => {
      let received = false;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          if (received) process.exit(1);
          received = true;
          this.stop.abort();
          resolve();
        });
      }
    });
  }

  private async end(): Promise<void> {
    for (const ending of this.endings) await ending();
  }
}
