import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const READY_MS = 20_000;

/** A controller of this package that another process serves over vfio-user. */
export interface ServedController {
  /** its socket */
  readonly path: string;
  /** Ends the process, and waits until it has ended. */
  close(): Promise<void>;
}

/** Starts the process. @throws Error with its own words, when it does not come to serving */
export async function serveController(): Promise<ServedController> {
  const folder = mkdtempSync(join(tmpdir(), 'phasebit-served-'));
  const path = join(folder, 'nvme.sock');
  const program = fileURLToPath(new URL('./serve-process.js', import.meta.url));
  // It ends when its standard input does, however this process comes to its end.
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`it did not serve within ${READY_MS / 1000} s`)), READY_MS);
      child.stdout.once('data', () => resolve());
      child.once('error', reject);
      child.once('close', () => reject(new Error(words.trim())));
      void ended.then(() => clearTimeout(late));
      child.stdout.once('data', () => clearTimeout(late));
    });
  } catch (error) {
    child.kill('SIGKILL');
    await close();
    throw new Error(`a controller over vfio-user: ${(error as Error).message}`, { cause: error });
  }
  return { path, close };
}
