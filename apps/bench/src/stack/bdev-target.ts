import { BDEV_STATUS_NVME_ERROR, type BdevChannel, describeBdevStatus } from '@phasebit/bdev';
import { describeStatus } from '@phasebit/nvme-spec';
import type { IoCallback, IoTarget } from './io-target.js';

/** The block layer and everything below it: one channel of a block device. */
export class BdevTarget implements IoTarget {
  readonly lbaBytes: number;
  readonly blocks: number;

  constructor(private readonly channel: BdevChannel) {
    this.lbaBytes = channel.bdev.blockBytes;
    this.blocks = channel.bdev.blockCount;
  }

  read(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.channel.read(address, lba, blocks, callback, context);
  }

  write(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.channel.write(address, lba, blocks, callback, context);
  }

  trim(lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.channel.unmap(lba, blocks, callback, context);
  }

  flush(callback: IoCallback, context: unknown): number {
    return this.channel.flush(callback, context);
  }

  poll(): number {
    return this.channel.poll();
  }

  tick(nowNs: number): void {
    this.channel.tick(nowNs);
  }

  describe(status: number): string {
    if (status === BDEV_STATUS_NVME_ERROR) return describeStatus(this.channel.lastNvmeStatus);
    return describeBdevStatus(status);
  }
}
