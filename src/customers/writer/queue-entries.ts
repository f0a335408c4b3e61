import type { Context } from '@opentelemetry/api';
import type { Job, JobResult } from './change';
import { keysOf } from './job-kinds';

/** A job that waits, or is under way. */
export interface Entry {
  job: Job;
  /** What no two jobs that are under way may have in common, and what keeps its jobs in their order: customers, mostly. */
  keys: string[];
  isAlone: boolean;
  /** It has met others' locks. */
  isHeld?: boolean;
  arrivedAt: number;
  trace: Context;
  resolve(result: JobResult): void;
  reject(error: unknown): void;
}

/**
 * Jobs that are written together. Those that want an email may have to wait for others who want the same, and have lists
 * of their own, to wait among themselves.
 */
export class List {
  underWay = 0;

  /** With a maximum of two, one is read while the other is on its way to the disk. */
  constructor(private readonly maxUnderWay: number) {}

  get isOpen(): boolean {
    return this.underWay < this.maxUnderWay;
  }
}

/** The same job, to go on alone. */
export function alone(entry: Entry): Entry {
  return { ...entry, isAlone: true, keys: keysOf(entry.job, true) };
}
