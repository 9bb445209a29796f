/**
 * Why a function is not opened, bound or given back:
 *
 * - `bad-address`: what was given is no PCI address
 * - `no-device`: there is no PCI function at the address
 * - `not-nvme`: the function is no NVMe controller
 * - `no-vfio`: the kernel has no VFIO, or its module is not loaded
 * - `no-iommu`: the function is behind no IOMMU, so that nothing would keep it from writing to memory at large
 * - `not-bound`: another driver has the function, or none
 * - `group-not-viable`: other functions of the same IOMMU group are used by the kernel
 * - `no-permission`: a file may not be opened or written
 * - `in-use`: the disk is mounted, swapped to, part of another device, or opened exclusively
 * - `busy`: another process has the function open
 * - `memory-limit`: the memory that the device may reach cannot be locked
 * - `bus-address`: the IOMMU has no room at the addresses asked for
 * - `unsupported`: this system or function cannot do what is needed
 * - `no-user`: there is no such user to give the function to
 * - `not-taken`: the kernel took the request and did something else
 */
export type RefusalCode =
  | 'bad-address'
  | 'no-device'
  | 'not-nvme'
  | 'no-vfio'
  | 'no-iommu'
  | 'not-bound'
  | 'group-not-viable'
  | 'no-permission'
  | 'in-use'
  | 'busy'
  | 'memory-limit'
  | 'bus-address'
  | 'unsupported'
  | 'no-user'
  | 'not-taken';

/** A function cannot be used as asked. The message says why, and what to do about it. */
export class VfioRefusal extends Error {
  /** `VfioRefusal` */
  override readonly name = 'VfioRefusal';

  constructor(
    /** for programs */
    readonly code: RefusalCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The `code` of a failed system call, whoever made it; empty for anything else. */
export function errorCode(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** What is to be said about an error inside of a sentence. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
