import type { WaitOptions } from '@phasebit/core';
import type { Namespace } from '../namespace.js';
import type { PromisePair } from './promise-pair.js';

/**
 * DMA memory for some blocks as they are transferred, and the way of ordinary memory in and out of it. Data and metadata are apart outside,
 * whatever the format; where it is extended, they are interleaved in here.
 */
export class Bounce {
  /** host address of the payload */
  readonly address: number;
  /** host address of separate metadata, 0 for none */
  readonly metadataAddress: number;
  private readonly payload: Uint8Array;
  private readonly separate: Uint8Array | undefined;

  private constructor(
    private readonly pair: PromisePair,
    private readonly namespace: Namespace,
    private readonly blocks: number,
    private readonly isInterleaved: boolean,
    address: number,
    metadataAddress: number,
  ) {
    const { dma } = pair;
    this.address = address;
    this.metadataAddress = metadataAddress;
    this.payload = dma.bytes(address, blocks * this.wireBlockBytes);
    this.separate = metadataAddress === 0 ? undefined : dma.bytes(metadataAddress, blocks * namespace.metadataBytes);
  }

  /**
   * Sets the memory aside.
   *
   * @param isStripped - no metadata is transferred: the controller inserts and strips it
   * @throws RangeError when there is none
   */
  static async open(
    pair: PromisePair,
    namespace: Namespace,
    blocks: number,
    isStripped: boolean,
    wait: WaitOptions,
  ): Promise<Bounce> {
    const hasMetadata = namespace.metadataBytes !== 0 && !isStripped;
    const isInterleaved = hasMetadata && namespace.isExtended;
    const wireBlockBytes = isInterleaved ? namespace.wireBlockBytes : namespace.blockBytes;
    const address = await pair.allocate(blocks * wireBlockBytes, wait);
    let metadataAddress = 0;
    try {
      // MPTR is one address: the metadata behind it is contiguous on the bus. [Base] 4.1.1
      if (hasMetadata && !isInterleaved) {
        metadataAddress = await pair.allocate(blocks * namespace.metadataBytes, wait, { contiguous: true });
      }
    } catch (error) {
      pair.free(address);
      throw error;
    }
    return new Bounce(pair, namespace, blocks, isInterleaved, address, metadataAddress);
  }

  /** Puts blocks in. */
  fill(data: Uint8Array, metadata: Uint8Array | undefined): void {
    if (!this.isInterleaved) {
      this.payload.set(data);
      if (metadata !== undefined) this.separate?.set(metadata);
      return;
    }
    const { blockBytes, metadataBytes } = this.namespace;
    for (let i = 0; i < this.blocks; i++) {
      const at = i * this.wireBlockBytes;
      this.payload.set(data.subarray(i * blockBytes, (i + 1) * blockBytes), at);
      if (metadata === undefined) continue;
      this.payload.set(metadata.subarray(i * metadataBytes, (i + 1) * metadataBytes), at + blockBytes);
    }
  }

  /** Takes blocks out. */
  drain(data: Uint8Array, metadata: Uint8Array | undefined): void {
    if (!this.isInterleaved) {
      data.set(this.payload);
      if (metadata !== undefined && this.separate !== undefined) metadata.set(this.separate);
      return;
    }
    const { blockBytes, metadataBytes } = this.namespace;
    for (let i = 0; i < this.blocks; i++) {
      const at = i * this.wireBlockBytes;
      data.set(this.payload.subarray(at, at + blockBytes), i * blockBytes);
      if (metadata === undefined) continue;
      metadata.set(this.payload.subarray(at + blockBytes, at + this.wireBlockBytes), i * metadataBytes);
    }
  }

  /** Gives the memory back, once the device does not use it any more. */
  free(): void {
    this.pair.free(this.address);
    if (this.metadataAddress !== 0) this.pair.free(this.metadataAddress);
  }

  private get wireBlockBytes(): number {
    return this.isInterleaved ? this.namespace.wireBlockBytes : this.namespace.blockBytes;
  }
}
