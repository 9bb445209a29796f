import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { cpus, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FLAGS = ['-O3', '-march=native', '-pthread'];
const COMPILE_LIMIT_MS = 60_000;

/** The reference loop, compiled. */
export interface CReference {
  readonly program: string;
  /** the compiler's first line about itself, and the flags */
  readonly compiler: string;
}

/**
 * Compiles `reference/reference.c`, unless the same compiler has done so before: programs are kept in the folder for
 * temporary files, named after what they were made from.
 *
 * @throws Error when there is no C compiler, or it cannot compile the loop
 */
export function compileReference(): CReference {
  const source = fileURLToPath(new URL('../reference/reference.c', import.meta.url));
  const { command, version } = findCompiler();
  const parts = [readFileSync(source, 'utf8'), version, FLAGS.join(' '), cpus()[0]?.model ?? ''];
  const key = createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
  const folder = cacheFolder();
  const program = join(folder, `reference-${key}`);
  if (!existsSync(program)) {
    const fresh = `${program}.${process.pid}`;
    const { status, stderr, error } = spawnSync(command, [...FLAGS, source, '-o', fresh], {
      encoding: 'utf8',
      timeout: COMPILE_LIMIT_MS,
    });
    if (status !== 0) {
      throw new Error(`compare-c: ${command} cannot compile ${source}:\n${error?.message ?? stderr.trim()}`);
    }
    // Another run may be compiling too: whoever is last replaces the same with the same.
    renameSync(fresh, program);
  }
  return { program, compiler: `${version}, ${FLAGS.join(' ')}` };
}

function findCompiler(): { command: string; version: string } {
  const { CC } = process.env;
  const candidates = CC === undefined || CC === '' ? ['gcc', 'cc'] : [CC];
  for (const command of candidates) {
    try {
      const about = execFileSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return { command, version: about.split('\n')[0].trim() };
    } catch {
      // Not this one.
    }
  }
  const looked = candidates.join(' or ');
  throw new Error(
    `compare-c: expected a C compiler (${looked}) to build the reference loop, found none; everything else works without`,
  );
}

/** A folder that only this user can write to: what lies in it is run. */
function cacheFolder(): string {
  const { uid, username } = userInfo();
  const folder = join(tmpdir(), `phasebit-bench-${username}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  const isOurs = lstatSync(folder).isDirectory() && (uid === -1 || (owner === uid && (mode & 0o022) === 0));
  return isOurs ? folder : mkdtempSync(join(tmpdir(), 'phasebit-bench-'));
}
