import type { PciIdentity } from '@phasebit/nvme';
import type { DmaSpace, PcieFunction } from '@phasebit/pcie';
import type { DeviceReport } from './device-spec.js';

/** How the functions of a run are reached. */
export type Transport = 'inline' | 'thread' | 'vfio' | 'vfio-user' | 'qtest';

/** A function of a run, and what is known of it before its controller is asked. */
export interface PlacedFunction {
  readonly function: PcieFunction;
  /** by which it is told from others, `vfio:0000:01:00.0` */
  readonly name: string;
  /** who made it, to find its quirks; absent: not known */
  readonly pci?: PciIdentity;
}

/** Where the functions of a run come from, and what keeps them going: the one thing that differs from transport to transport. */
export interface DevicePlace {
  readonly transport: Transport;
  /** one for each path; all reach the same memory */
  readonly functions: readonly PlacedFunction[];
  readonly dma: DmaSpace;
  /** whose figures those of the run are, a sentence for the report */
  readonly figures: string;
  /** whether somebody may have data there: jobs write only with permission */
  readonly isGuarded: boolean;
  /** Gives devices on this thread their turn; others take theirs themselves. */
  step(): void;
  /** Makes room for a device on another thread or in another process, where these are more than processors; nothing otherwise. */
  nap(): void;
  /** Whether somebody wants a device back, or it is gone: the run is to end soon. */
  isWantedBack(): boolean;
  /** Gives the devices up, or ends them: what was written is durable then. To be called after their controllers have been shut down. */
  close(): Promise<DeviceReport>;
}

/** What the functions of a run have to be made for. */
export interface PlaceDemand {
  /** I/O queue pairs of each controller */
  readonly queuePairs: number;
  /** bytes of DMA memory for queues and what goes with them, contiguous on the bus */
  readonly ringBytes: number;
  /** bytes of DMA memory for payloads */
  readonly dataBytes: number;
}
