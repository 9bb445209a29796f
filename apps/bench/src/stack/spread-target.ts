import type { IoCallback, IoTarget } from './io-target.js';
import type { MetadataSlots } from './metadata-slots.js';

/** Several queue pairs as one target: commands go to one after the other. */
export class SpreadTarget implements IoTarget {
  readonly lbaBytes: number;
  readonly blocks: number;
  readonly metadata: MetadataSlots | undefined;
  private next = 0;

  constructor(private readonly targets: readonly IoTarget[]) {
    this.lbaBytes = targets[0].lbaBytes;
    this.blocks = targets[0].blocks;
    this.metadata = targets[0].metadata;
  }

  read(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.turn().read(address, lba, blocks, callback, context);
  }

  write(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.turn().write(address, lba, blocks, callback, context);
  }

  trim(lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    return this.turn().trim(lba, blocks, callback, context);
  }

  flush(callback: IoCallback, context: unknown): number {
    return this.turn().flush(callback, context);
  }

  poll(): number {
    let found = 0;
    for (let i = 0; i < this.targets.length; i++) found += this.targets[i].poll();
    return found;
  }

  tick(nowNs: number): void {
    for (let i = 0; i < this.targets.length; i++) this.targets[i].tick(nowNs);
  }

  describe(status: number): string {
    return this.targets[0].describe(status);
  }

  private turn(): IoTarget {
    const target = this.targets[this.next];
    this.next = this.next + 1 === this.targets.length ? 0 : this.next + 1;
    return target;
  }
}
