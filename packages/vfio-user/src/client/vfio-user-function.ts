import type { Clock, Log } from '@phasebit/core';
import type { PcieFunction } from '@phasebit/pcie';
import type { VfioUserArena } from './client-arenas.js';
import type { RemoteIdentity } from './remote-device.js';
import type { VfioUserMemory } from './vfio-user-memory.js';

/** How `openVfioUser` opens a function. */
export interface VfioUserOptions {
  /** for the deadlines of replies and of waits for interrupts */
  readonly clock: Clock;
  /** where is said that the server was lost; default nowhere */
  readonly log?: Log;
  /** memory that several functions share; default each has its own, of `arenas` */
  readonly memory?: VfioUserMemory;
  /** the memory that the controller can reach; default 64 MiB */
  readonly arenas?: readonly VfioUserArena[];
  /** whether the server is not given the memory, and has to ask for what is in it; default false */
  readonly dmaByMessage?: boolean;
  /** whether doorbells are mapped if the server lets them; default true */
  readonly mapDoorbells?: boolean;
  /** MSI-X vectors at most; default 32, and never more than the function has */
  readonly vectors?: number;
  /** how long the server may take to reply, milliseconds; default 5000. One that takes longer is given up */
  readonly replyTimeoutMs?: number;
  /** see {@link PcieFunction.pause}; default a turn of the event loop */
  readonly pause?: () => Promise<void>;
}

/** A PCI function behind a vfio-user server. */
export interface VfioUserFunction extends PcieFunction {
  /** who it says it is */
  readonly identity: RemoteIdentity;
  /** bytes of each base address register, 0 to 5; 0 where there is none */
  readonly bars: readonly number[];
  /** whether the server has hung up, or was given up: registers read as all ones then, and waits for messages reject */
  readonly isLost: boolean;
  /** whether ringing a doorbell is a store, and no message */
  readonly areDoorbellsMapped: boolean;
  /** Answers what the server asks for, which is memory that it was not given. `pause` does it too, and so does a turn of the event loop */
  serve(): void;
  /**
   * Resets the function by message.
   *
   * @throws RefusedError, LostServerError
   */
  resetFunction(): Promise<void>;
  /** Hangs up, and waits for messages reject. The memory, unless it is shared, reads as zeros from now on, and what is stored there goes nowhere */
  close(): void;
}
