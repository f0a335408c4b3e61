import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const SAMPLE_MS = 500;

/** The most memory that a process has held so far; call `peakMb` while it still lives. */
export interface MemoryWatch {
  peakMb(): Promise<number>;
}

/** Linux keeps the peak itself; elsewhere the process is looked at now and then. */
export function watchMemory(pid: number): MemoryWatch {
  if (process.platform === 'linux') return { peakMb: () => peakOnLinux(pid) };
  let peak = 0;
  const sample = async () => (peak = Math.max(peak, await residentMb(pid)));
  // One that fails, such as after the end of the process, is one less.
  const timer = setInterval(() => void sample().catch(() => clearInterval(timer)), SAMPLE_MS).unref();
  return { peakMb: sample };
}

async function peakOnLinux(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

async function residentMb(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) / 1024;
}
