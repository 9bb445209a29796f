import { describe, inject } from 'vitest';
import type { VmEnvironment } from './environment.js';

/** Which of the two QEMUs the guests of a suite run on. */
export type QemuChoice = 'plain' | 'vfio-user';

/** Why guests of this kind cannot run here; undefined if they can. */
function whatIsMissing({ system, qemu, vfioUserQemu }: VmEnvironment, choice: QemuChoice): string | undefined {
  const needed = [qemu, system, ...(choice === 'vfio-user' ? [vfioUserQemu] : [])];
  return needed.flatMap((part) => ('missing' in part ? [part.missing] : []))[0];
}

/**
 * Like vitest's `describe`, for tests that boot guests. Where that is not possible the suite is skipped and the reason stands in its
 * name; the set-up has printed it too.
 */
export function guestSuite(name: string, needs: { readonly qemu: QemuChoice }, tests: () => void): void {
  const missing = whatIsMissing(inject('vm'), needs.qemu);
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (skipped: ${missing})`, tests);
}
