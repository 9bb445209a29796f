import type { Kernel } from '../kernel.js';
import { errorCode, errorText, VfioRefusal } from '../refusal.js';

/** What to say of a file that cannot be opened. */
interface OpenAdvice {
  /** the file is not there */
  readonly missing: string;
  /** somebody else has it */
  readonly busy: string;
}

/** Opens one of VFIO's files. @throws VfioRefusal naming the file and what to do */
export function openFile(kernel: Kernel, path: string, advice: OpenAdvice): number {
  try {
    return kernel.open(path);
  } catch (error) {
    const code = errorCode(error);
    const cause = { cause: error };
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
      throw new VfioRefusal('no-vfio', advice.missing, cause);
    if (code === 'EBUSY') throw new VfioRefusal('busy', advice.busy, cause);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new VfioRefusal(
        'no-permission',
        `expected to be allowed to read and write ${path}, which this user is not: ` +
          'bind the device with --user, or give the file away with a udev rule',
        cause,
      );
    }
    throw new VfioRefusal('unsupported', `${path} cannot be opened: ${errorText(error)}`, cause);
  }
}

/** What to say when memory cannot be mapped for a device. */
export function mapRefusal(error: unknown, bytes: number): VfioRefusal {
  const cause = { cause: error };
  if (errorCode(error) === 'ENOMEM' || errorCode(error) === 'EAGAIN' || errorCode(error) === 'EPERM') {
    return new VfioRefusal(
      'memory-limit',
      `${bytes} bytes of memory cannot be locked for the device (${errorText(error)}): what all devices of this user reach must fit into ` +
        "the limit of locked memory. 'ulimit -l' says it in KiB; raise it in /etc/security/limits.conf (memlock) or, for a service, with " +
        'LimitMEMLOCK=, or ask for less memory',
      cause,
    );
  }
  return new VfioRefusal('bus-address', `${bytes} bytes cannot be mapped for the device: ${errorText(error)}`, cause);
}

/** What to say of an IOMMU that lets devices write where interrupts are told from each other. */
export function noInterruptRemapping(group: number): string {
  return `the IOMMU of group ${group} does not remap interrupts, so a device could forge them: switch interrupt remapping on in the firmware`;
}
