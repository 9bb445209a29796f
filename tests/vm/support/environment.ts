import type { Qemu } from './qemu.js';

/** Something that a suite needs, or the reason why it is not there. */
export type Provided<T> = { readonly value: T } | { readonly missing: string };

/** What guests boot. */
export interface GuestSystem {
  readonly kernelImage: string;
  readonly kernelRelease: string;
  /** what the kernel was configured with, such as `IOMMUFD` */
  readonly kernelOptions: readonly string[];
  readonly initrd: string;
}

/** What the set-up of a run found or made for its guests. */
export interface VmEnvironment {
  /** the kernel and the first file system */
  readonly system: Provided<GuestSystem>;
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
