import type { ShadowPolicy } from '@phasebit/controller';
import type { MediaChoice } from './media.js';

/** What is served, and where. */
export interface TargetOptions {
  /** a socket for each controller */
  readonly sockets: readonly string[];
  /** one for each namespace */
  readonly media: readonly MediaChoice[];
  readonly lbaBytes: number;
  readonly serial?: string;
  readonly model?: string;
  readonly subnqn?: string;
  /** I/O queue pairs of each controller */
  readonly queuePairs: number;
  /** entries of the largest queue */
  readonly entries: number;
  /** log2 of the largest transfer in pages */
  readonly mdts: number;
  readonly shadowDoorbells: ShadowPolicy;
  readonly cmbBytes: number;
  readonly pmrBytes: number;
  readonly anaGroups: number;
  readonly vendorId?: number;
  readonly deviceId?: number;
  readonly mapDoorbells: boolean;
  readonly idleSleepMs: number;
  readonly idleSpinMs: number;
  readonly quiet: boolean;
}
