/** What has to be undone at the end, however the end comes; the last thing made is the first undone. */
export class Cleanup {
  private readonly tasks: (() => Promise<unknown>)[] = [];
  private readonly ending = new AbortController();
  private running?: Promise<void>;

  /** Ends commands that are under way. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Makes a thing, at once or as a promise, and keeps how to undo it. Makes nothing any more once the end has come. */
  make<T>(create: () => T, undo: (thing: T) => Promise<unknown>): T {
    this.signal.throwIfAborted();
    const thing = create();
    this.tasks.push(() => undo(thing));
    return thing;
  }

  run(): Promise<void> {
    this.ending.abort();
    return (this.running ??= this.undoAll());
  }

  private async undoAll(): Promise<void> {
    for (const undo of this.tasks.reverse()) await undo().catch(report);
  }
}

/** One thing that can't be undone must not keep the others. */
function report(error: Error): void {
  console.error(`Cleaning up: ${error.message}`);
  process.exitCode = 1;
}
