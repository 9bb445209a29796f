import { describe, inject } from 'vitest';
import type { VmEnvironment } from './environment.js';

/** Which of the two QEMUs the guests of a suite run on. */
export type QemuChoice = 'plain' | 'vfio-user';

/** What the guests of a suite need. */
export interface GuestNeeds {
  readonly qemu: QemuChoice;
  /** what the kernel has to be configured with, such as `VFIO_DEVICE_CDEV`, where Debian's is not */
  readonly kernel?: readonly string[];
}

/** Why guests of this kind cannot run here; undefined if they can. */
function whatIsMissing({ system, qemu, vfioUserQemu }: VmEnvironment, choice: QemuChoice): string | undefined {
  const needed = [qemu, system, ...(choice === 'vfio-user' ? [vfioUserQemu] : [])];
  return needed.flatMap((part) => ('missing' in part ? [part.missing] : []))[0];
}

/** Which of the options the guests' kernel was built without; undefined if none. */
function whatKernelLacks({ system }: VmEnvironment, options: readonly string[] = []): string | undefined {
  if ('missing' in system) return undefined;
  const { kernelOptions, kernelRelease } = system.value;
  const absent = options.filter((option) => !kernelOptions.includes(option)).map((option) => `CONFIG_${option}`);
  if (absent.length === 0) return undefined;
  return `kernel ${kernelRelease} is without ${absent.join(', ')}; tests/vm/kernel/build.mjs builds one with it`;
}

/**
 * Like vitest's `describe`, for tests that boot guests. Where that is not possible the suite is skipped and the reason stands in its
 * name; the set-up has printed it too.
 */
export function guestSuite(name: string, needs: GuestNeeds, tests: () => void): void {
  const vm = inject('vm');
  const lack = whatKernelLacks(vm, needs.kernel);
  if (lack !== undefined) console.log(`vm: '${name}' is SKIPPED: ${lack}`);
  const missing = whatIsMissing(vm, needs.qemu) ?? lack;
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (skipped: ${missing})`, tests);
}
