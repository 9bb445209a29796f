import type { Clock } from '@phasebit/core';
import type { PcieFunction } from '@phasebit/pcie';

/** A controller to try, however it is reached. Its namespaces are overwritten, formatted and deleted. */
export interface ConformanceTarget {
  /** short name of the transport or device, for reports */
  readonly name: string;
  /** the function; its DMA memory has at least 8 MiB free, 1 MiB of it contiguous on the bus */
  readonly fn: PcieFunction;
  /** for deadlines; it advances while `fn.pause()` is awaited */
  readonly clock: Clock;
  /** a page-aligned bus address that no memory is mapped at, and that the controller may be pointed to; without it those cases are skipped */
  readonly unmappedIova?: number;
  /** a firmware image that the controller takes; without it the cases that commit one are skipped */
  readonly firmwareImage?: Uint8Array;
  /** milliseconds that a command, or a change of CSTS, may take; default 10,000 */
  readonly deadlineMs?: number;
  /** milliseconds that a case may wait for time itself to pass; what needs more is skipped. Default 1000 */
  readonly waitMsMax?: number;
  /** milliseconds in which a completion that must not come would have come; default 20 */
  readonly quietMs?: number;
}
