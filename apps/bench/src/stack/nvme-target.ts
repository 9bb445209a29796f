import { type Namespace, type QueuePair } from '@phasebit/nvme';
import { describeStatus } from '@phasebit/nvme-spec';
import type { IoCallback, IoTarget } from './io-target.js';

/** The driver alone: a namespace through one queue pair. */
export class NvmeTarget implements IoTarget {
  readonly lbaBytes: number;
  readonly blocks: number;

  constructor(
    protected readonly pair: QueuePair,
    protected readonly namespace: Namespace,
  ) {
    this.lbaBytes = namespace.blockBytes;
    this.blocks = namespace.blocks;
  }

  read(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.pair.read(this.namespace, address, lba, blocks, 0, callback, context);
  }

  write(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.pair.write(this.namespace, address, lba, blocks, 0, callback, context);
  }

  trim(lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.pair.deallocate(this.namespace, lba, blocks, callback, context);
  }

  flush(callback: IoCallback, context: unknown): number {
    return this.pair.flush(this.namespace, callback, context);
  }

  poll(): number {
    return this.pair.poll();
  }

  tick(): void {
    // The controller stamps the time on its queue pairs itself.
  }

  describe(status: number): string {
    return describeStatus(status);
  }
}
