import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command line. */
export function cli(args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((done) => {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...env } };
    const child = execFile(process.execPath, ['dist/src/cli/main.js', ...args], options, (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** The JSON that a command prints as its only line. */
export async function cliJson(args: string[], env: NodeJS.ProcessEnv): Promise<any> {
  const { code, stdout, stderr } = await cli([...args, '--json'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
}

/** A command that refuses with these sentences. */
export function refusal(...sentences: string[]): Outcome {
  return { code: 1, stdout: '', stderr: sentences.map((sentence) => `${sentence}\n`).join('') };
}

/** What becomes of a command that is under way. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const outcome = { code: null, stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => (outcome.stdout += text));
  child.stderr?.on('data', (text) => (outcome.stderr += text));
  const [code] = await once(child, 'close');
  return { ...outcome, code };
}

const started = new Set<ServiceProcess>();

/** A test that fails leaves no process behind. */
afterEach(async () => {
  for (const service of started) await service.end('SIGTERM');
  started.clear();
});

/** The built service in a process of its own. */
export class ServiceProcess {
  output = '';

  private constructor(private readonly child: ChildProcess) {
    started.add(this);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.output += text));
  }

  static start(args: string[], env: NodeJS.ProcessEnv, cwd = ROOT): ServiceProcess {
    const options = { cwd, env: { PATH: process.env.PATH, PORT: '0', METRICS_PORT: '0', ...env } };
    return new ServiceProcess(spawn(process.execPath, [join(ROOT, 'dist/src/main.js'), ...args], options));
  }

  /** With a limit of the files and connections that it may have open. */
  static startWithFiles(files: number, env: NodeJS.ProcessEnv): ServiceProcess {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH, PORT: '0', METRICS_PORT: '0', ...env } };
    const command = `ulimit -n ${files}; exec "$0" "$1"`;
    return new ServiceProcess(spawn('sh', ['-c', command, process.execPath, join(ROOT, 'dist/src/main.js')], options));
  }

  get pid(): number {
    return Number(this.child.pid);
  }

  /** Waits until it serves. */
  async url(): Promise<string> {
    return (await this.prints(/listening at (http:\/\/127.0.0.1:\d+)/))[1] as string;
  }

  /** Waits for a text in the output. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (let i = 0; i < 600; i++) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${pattern} is not in the output:\n${this.output}`);
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exit = once(this.child, 'exit');
    if (signal) this.child.kill(signal);
    const [code] = await exit;
    return code;
  }
}

/** A folder for one test, removed after it. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'customers-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
