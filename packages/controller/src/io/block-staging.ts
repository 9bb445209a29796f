import type { Namespace } from '../namespace.js';
import { metadataOffset, type NamespaceFormat } from '../namespace-format.js';
import type { Transfer } from '../transfer.js';
import type { IoContext } from './io-context.js';
import { joinMetadata, readMedium, writeMedium } from './medium-access.js';
import { PieceCursor } from './piece-cursor.js';
import { StagedRange } from './staged-range.js';

/**
 * Logical blocks in the controller's own memory, on their way between host and medium: data of all blocks, and beside it the metadata
 * of all blocks, whichever way the host wants them.
 *
 * On the medium, protection information is complemented. What was never written, or was given up, is zeros there, so it reads as tags
 * of all ones, which are not checked.
 */
export class BlockStaging {
  private readonly dataRange = new StagedRange();
  private readonly metadataRange = new StagedRange();
  private readonly cursor = new PieceCursor();

  /** Data, block after block. */
  get data(): Uint8Array {
    return this.dataRange.bytes;
  }

  /** Metadata, block after block. */
  get metadata(): Uint8Array {
    return this.metadataRange.bytes;
  }

  /** Makes room for so many blocks. */
  reserve(format: NamespaceFormat, blocks: number): void {
    this.dataRange.reserve(blocks * format.blockBytes);
    this.metadataRange.reserve(blocks * format.metadataBytes);
  }

  /** Makes room for so many blocks, all zeros. */
  clear(format: NamespaceFormat, blocks: number): void {
    this.reserve(format, blocks);
    this.data.fill(0, 0, blocks * format.blockBytes);
    this.metadata.fill(0, 0, blocks * format.metadataBytes);
  }

  /** Reads blocks from the medium. Gives its status. */
  load(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
    const { format } = namespace;
    const status = readMedium(io, namespace, this.dataAt(format, lba, blocks));
    if (status !== 0 || format.metadataBytes === 0) return status;
    const metadataStatus = readMedium(io, namespace, this.metadataAt(namespace, lba, blocks));
    this.complementProtection(namespace, blocks);
    return metadataStatus;
  }

  /** Writes blocks to the medium. Gives its status. The metadata is spoilt. */
  store(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
    const { format } = namespace;
    const status = writeMedium(io, namespace, this.dataAt(format, lba, blocks));
    if (status !== 0 || format.metadataBytes === 0) return status;
    return this.storeMetadata(io, namespace, lba, blocks);
  }

  /** Writes the metadata of blocks to the medium, and not their data. Gives its status. The metadata is spoilt. */
  storeMetadata(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
    this.complementProtection(namespace, blocks);
    joinMetadata(namespace, lba);
    return writeMedium(io, namespace, this.metadataAt(namespace, lba, blocks));
  }

  /** Copies blocks to the host: data and metadata from one buffer, or with `metadata` from two. */
  deliver(
    format: NamespaceFormat,
    blocks: number,
    data: Transfer,
    metadata: Transfer | undefined,
    isWide: boolean,
  ): void {
    const { cursor, dataRange, metadataRange } = this;
    const { blockBytes, metadataBytes } = format;
    cursor.rewind();
    if (isWide) {
      for (let i = 0; i < blocks; i++) {
        cursor.put(data, dataRange, i * blockBytes, blockBytes);
        cursor.put(data, metadataRange, i * metadataBytes, metadataBytes);
      }
      return;
    }
    cursor.put(data, dataRange, 0, blocks * blockBytes);
    if (metadata === undefined) return;
    cursor.rewind();
    cursor.put(metadata, metadataRange, 0, blocks * metadataBytes);
  }

  /** Fetches blocks from the host. Metadata that it does not send is zeros. */
  fetch(
    format: NamespaceFormat,
    blocks: number,
    data: Transfer,
    metadata: Transfer | undefined,
    isWide: boolean,
  ): void {
    const { cursor, dataRange, metadataRange } = this;
    const { blockBytes, metadataBytes } = format;
    this.reserve(format, blocks);
    cursor.rewind();
    if (isWide) {
      for (let i = 0; i < blocks; i++) {
        cursor.fetch(data, dataRange, i * blockBytes, blockBytes);
        cursor.fetch(data, metadataRange, i * metadataBytes, metadataBytes);
      }
      return;
    }
    cursor.fetch(data, dataRange, 0, blocks * blockBytes);
    cursor.rewind();
    if (metadata === undefined) this.metadata.fill(0, 0, blocks * metadataBytes);
    else cursor.fetch(metadata, metadataRange, 0, blocks * metadataBytes);
  }

  private dataAt(format: NamespaceFormat, lba: number, blocks: number): Transfer {
    return this.dataRange.aim(lba * format.blockBytes, blocks * format.blockBytes);
  }

  private metadataAt(namespace: Namespace, lba: number, blocks: number): Transfer {
    const { format } = namespace;
    const begin = metadataOffset(namespace.blocks, format);
    return this.metadataRange.aim(begin + lba * format.metadataBytes, blocks * format.metadataBytes);
  }

  private complementProtection({ protection }: Namespace, blocks: number): void {
    if (protection === undefined) return;
    const { metadata } = this;
    const { metadataBytes, tupleBytes, tupleOffset } = protection;
    for (let at = tupleOffset; at < blocks * metadataBytes; at += metadataBytes) {
      for (let i = at; i < at + tupleBytes; i++) metadata[i] ^= 0xff;
    }
  }
}
