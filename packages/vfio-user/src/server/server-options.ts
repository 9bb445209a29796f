import type { Clock, Log } from '@phasebit/core';
import type { DeviceDma, LinkDevice } from '@phasebit/pcie';
import type { PciIdentity } from './pci-identity.js';

/** A controller as the server drives it: `Controller` of `@phasebit/controller` is one. */
export interface VfioUserDevice {
  /** One turn; gives what was done, 0 for nothing. It never waits. */
  step(): number;
  /** Carries out the register writes that have arrived, and nothing else. Default a whole turn */
  takeWrites?(): number;
  /** When there will be something to do by itself, by the clock; Infinity for never. */
  readonly nextDueNs: number;
  /** A function level reset: everything is as after power-on, and no view of host memory is kept. Default CC.EN is cleared */
  resetFunction?(): void;
}

/** What `VfioUserServer.listen` takes. */
export interface VfioUserServerOptions {
  /** the socket, as a path. A socket that a dead process has left there is replaced */
  readonly path: string;
  /**
   * Makes the controller behind it, once.
   *
   * @param link - the device's end of the link: `isConcurrent`, since hosts are other processes
   * @param dma - the memory of whoever is connected
   */
  readonly makeDevice: (link: LinkDevice, dma: DeviceDma) => VfioUserDevice;
  /** the controller's clock: when it has something to do by itself */
  readonly clock: Clock;
  /** where is said who comes, who goes and why; default nowhere */
  readonly log?: Log;
  /** queue identifiers with doorbells, the admin queue's included; default 65 */
  readonly queues?: number;
  /** MSI-X vectors; default as many as queues */
  readonly vectors?: number;
  /** CAP.DSTRD; default 0, as SSDs have it */
  readonly dstrd?: number;
  /** bytes of the Controller Memory Buffer, BAR 2; default none */
  readonly cmbBytes?: number;
  /** bytes of the Persistent Memory Region, BAR 4; default none */
  readonly pmrBytes?: number;
  /** how the function introduces itself */
  readonly identity?: Partial<PciIdentity>;
  /** whether clients may map the doorbells instead of sending a message for each write; default true */
  readonly mapDoorbells?: boolean;
  /**
   * how long `VfioUserServer.run` sleeps at a time when there is nothing to do, milliseconds; default 1. A write to a mapped doorbell
   * wakes nobody, so it is also how late such a write may be seen
   */
  readonly idleSleepMs?: number;
  /** how long it goes on looking before it sleeps, milliseconds; default 2 */
  readonly idleSpinMs?: number;
  /** how long a client may take to give memory that it did not share, milliseconds; default 1000. One that takes longer is let go of */
  readonly replyTimeoutMs?: number;
  /** most bytes that a client may map; default 16 GiB */
  readonly dmaBytesMax?: number;
  /** called while the server waits for memory that the client did not share: for a client on the same thread, to answer */
  readonly whileWaiting?: () => void;
}
