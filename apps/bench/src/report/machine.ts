import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from './json-object.js';

/** Where a figure was taken: without this it means nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Load averages over 1, 5 and 15 minutes when the run began. */
  readonly load: readonly [number, number, number];
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** Version of this package. */
  readonly version: string;
  /** `git describe`, when this runs from its own checkout. */
  readonly commit?: string;
}

const PACKAGE_NAME = '@phasebit/bench';
/** Where this package lies in its repository. */
const REPOSITORY_FOLDER = 'apps/bench/';

/** Takes the facts as they are now. */
export function describeMachine(): Machine {
  const here = dirname(fileURLToPath(import.meta.url));
  const commit = describeCommit(here);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    load: loadavg() as [number, number, number],
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    version: packageVersion(here),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** The header of the human report, one fact to a line. */
export function machineLines(machine: Machine): string[] {
  const memoryGib = (machine.memoryBytes / 1024 ** 3).toFixed(1);
  const load = machine.load.map((one) => one.toFixed(2)).join(' ');
  return [
    `phasebit-bench ${machine.version}${machine.commit === undefined ? '' : ` (${machine.commit})`}, Node ${machine.node}, V8 ${machine.v8}`,
    `${machine.cpu}, ${machine.cores} cores, ${memoryGib} GiB, ${machine.system}, load ${load}`,
  ];
}

/** The same for tools. */
export function machineJson(machine: Machine): JsonObject {
  return {
    version: machine.version,
    commit: machine.commit ?? null,
    node: machine.node,
    v8: machine.v8,
    machine: {
      cpu: machine.cpu,
      cores: machine.cores,
      memory_bytes: machine.memoryBytes,
      load: machine.load,
      system: machine.system,
    },
  };
}

/**
 * The version in the nearest package.json that is this package's: the bundle and the sources lie at different depths.
 */
function packageVersion(folder: string): string {
  for (let up = folder, depth = 0; depth < 4; up = dirname(up), depth++) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(up, 'package.json'), 'utf8'));
      if (isOurs(manifest)) return manifest.version;
    } catch {
      // No manifest here: one folder up.
    }
  }
  return 'unknown';
}

function isOurs(manifest: unknown): manifest is { readonly name: string; readonly version: string } {
  return (
    typeof manifest === 'object' &&
    manifest !== null &&
    'name' in manifest &&
    manifest.name === PACKAGE_NAME &&
    'version' in manifest
  );
}

/**
 * An installed package may lie inside someone else's checkout, whose commit is not ours: so the folder is looked at
 * first.
 */
function describeCommit(folder: string): string | undefined {
  try {
    if (!git(folder, 'rev-parse', '--show-prefix').startsWith(REPOSITORY_FOLDER)) return undefined;
    return git(folder, 'describe', '--always', '--dirty', '--tags');
  } catch {
    return undefined;
  }
}

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 2_000,
  }).trim();
}
