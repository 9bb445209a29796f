import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { provideBaseImage } from './base-image.js';
import { removeAbandoned, repository, temporaryFolder } from './cache.js';
import type { Provided, VmEnvironment } from './environment.js';
import { mustRun } from './host-command.js';
import { provideKernel } from './kernel.js';
import { installedQemu, provideVfioUserQemu } from './qemu.js';
import { writeWorkspaceImage } from './workspace-image.js';

const say = (text: string): void => void process.stdout.write(`vm: ${text}\n`);

/** Runs one step of the set-up and says how it went. */
async function provide<T>(what: string, step: () => T | Promise<T>, told: (value: T) => string): Promise<Provided<T>> {
  const started = performance.now();
  try {
    const value = await step();
    say(`${what}: ${told(value)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return { value };
  } catch (error) {
    const missing = `${what}: ${(error as Error).message}`;
    say(`suites that need it are SKIPPED: ${missing}`);
    return { missing: missing.split('\n')[0] };
  }
}

const needed = <T>(provided: Provided<T>): T => {
  if ('missing' in provided) throw new Error(provided.missing);
  return provided.value;
};

/** The cached base and our own part in one file: the kernel unpacks archives one after the other. */
async function makeInitrd(base: string, folder: string): Promise<string> {
  const ours = path.join(folder, 'workspace.cpio');
  const initrd = path.join(folder, 'initrd');
  await writeWorkspaceImage(ours);
  mustRun('/bin/sh', ['-c', 'cat "$1" "$2" > "$3"', 'sh', base, ours, initrd]);
  return initrd;
}

/** Finds, downloads or builds what guests need, once for all suites; what fails is said, and its suites are skipped. */
export default async function setup(project: TestProject): Promise<() => void> {
  removeAbandoned();
  execFileSync(process.execPath, ['scripts/vm-packages.mjs'], { cwd: repository, stdio: 'inherit' });
  const folder = temporaryFolder();
  const qemu = await provide('QEMU', installedQemu, ({ version }) => version);
  const kernel = await provide('kernel', provideKernel, ({ release }) => release);
  const system = await provide(
    'guest system',
    async () => {
      const { image, release, options } = needed(kernel);
      const initrd = await makeInitrd(provideBaseImage(needed(kernel)), folder);
      return { kernelImage: image, kernelRelease: release, kernelOptions: options, initrd };
    },
    ({ kernelRelease }) => `initramfs for ${kernelRelease}`,
  );
  const vfioUserQemu = await provide(
    'QEMU with vfio-user',
    () => provideVfioUserQemu(needed(qemu)),
    ({ version }) => version,
  );
  project.provide('vm', { qemu, system, vfioUserQemu } satisfies VmEnvironment);
  return () => rmSync(folder, { recursive: true, force: true });
}
