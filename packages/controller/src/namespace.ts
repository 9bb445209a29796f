import type { ProtectionFormat } from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from './allocated-namespace.js';
import { type HostIdentity, NO_HOST } from './host-identity.js';
import type { Internals } from './internals.js';
import type { Medium } from './media/medium.js';
import { type NamespaceFormat, protectionFormat } from './namespace-format.js';
import { SPECIAL_PATH } from './namespace-special.js';

/**
 * A namespace as one controller sees it, while it is attached. What all controllers share is in {@link Namespace.allocated}; the
 * fields that the I/O path reads are copies of it, renewed when the namespace is formatted.
 */
export class Namespace {
  /** namespace identifier */
  readonly nsid: number;
  /** data bytes of a logical block */
  blockBytes: number;
  /** logical blocks: the size, NSZE */
  blocks: number;
  /** keeps the data */
  readonly medium: Medium;
  /** why a command must leave the shortest path, `SPECIAL_*`; 0 for a plain namespace */
  special = 0;
  /**
   * most blocks of a Read or Write that takes the shortest path: as many as a transfer holds, and 0 while `special` is not 0. It is the
   * one number that the shortest path looks at
   */
  plainBlocksMax = 0;
  /** status of every I/O command while the ANA state forbids access, 0 otherwise */
  pathStatus = 0;
  /** how the blocks look */
  format: NamespaceFormat;
  /** how protection information makes them safe, undefined when there is none */
  protection: ProtectionFormat | undefined;
  /** current value of the Error Recovery feature, dword 11 */
  errorRecovery = 0;
  /** who the host of this controller is */
  host: HostIdentity = NO_HOST;
  /** what the reservation bars that host from, `BARS_*` */
  bars = 0;
  /** current value of the Reservation Notification Mask feature, dword 11 */
  reservationMask = 0;
  /** directive types that are enabled for I/O commands, bit n for type n; SPECIAL_DIRECTED goes with it */
  directives = 0;
  /** what the controllers of the subsystem share */
  readonly allocated: AllocatedNamespace;
  private transferBytesMax = 0;

  /** the controller that shows it */
  readonly member: Internals;

  /**
   * @param allocated - the namespace in the subsystem; {@link AllocatedNamespace.attach} makes its views
   * @param member - the controller that shows it
   */
  constructor(allocated: AllocatedNamespace, member: Internals) {
    this.nsid = allocated.nsid;
    this.blockBytes = allocated.format.blockBytes;
    this.blocks = allocated.blocks;
    this.medium = allocated.medium;
    this.format = allocated.format;
    this.protection = protectionFormat(this.format);
    this.allocated = allocated;
    this.member = member;
  }

  /** ANA group, 0 when the subsystem has none. */
  get anaGroupId(): number {
    return this.allocated.anaGroupId;
  }

  /** Whether other controllers may show it too, NMIC bit 0. */
  get shared(): boolean {
    return this.allocated.shared;
  }

  /** Sets or clears bits of {@link Namespace.special}, for this controller alone. */
  setSpecial(bits: number, isOn: boolean): void {
    this.special = isOn ? this.special | bits : this.special & ~bits;
    this.settlePlain();
  }

  /** Says how many bytes one transfer of the controller holds. Until then every command takes the long way. */
  limitTransfers(bytesMax: number): void {
    this.transferBytesMax = bytesMax;
    this.settlePlain();
  }

  /** Changes what every I/O command gets because of the ANA state. @param status - 0 to let them through */
  setPathStatus(status: number): void {
    this.pathStatus = status;
    this.setSpecial(SPECIAL_PATH, status !== 0);
  }

  /** Takes over what a format has changed. */
  refresh(): void {
    this.blockBytes = this.allocated.format.blockBytes;
    this.blocks = this.allocated.blocks;
    this.format = this.allocated.format;
    this.protection = protectionFormat(this.format);
    this.settlePlain();
  }

  private settlePlain(): void {
    this.plainBlocksMax = this.special !== 0 ? 0 : Math.floor(this.transferBytesMax / this.blockBytes);
  }
}
