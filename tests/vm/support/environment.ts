import type { Qemu } from './qemu.js';

/** Something that a suite needs, or the reason why it is not there. */
export type Provided<T> = { readonly value: T } | { readonly missing: string };

/** What the set-up of a run found or made for its guests. */
export interface VmEnvironment {
  /** the kernel and the first file system */
  readonly system: Provided<{ readonly kernelImage: string; readonly kernelRelease: string; readonly initrd: string }>;
  /** the QEMU that is installed */
  readonly qemu: Provided<Qemu>;
  /** a QEMU with the vfio-user client */
  readonly vfioUserQemu: Provided<Qemu>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    vm: VmEnvironment;
  }
}
