import { IoVector, type Namespace, type QueuePair, Transfer } from '@phasebit/nvme';
import {
  NVM_READ,
  NVM_WRITE,
  RW_CDW12_PRACT,
  RW_CDW12_PRCHK_GUARD,
  RW_CDW12_PRCHK_REFERENCE,
} from '@phasebit/nvme-spec';
import type { IoCallback } from './io-target.js';
import type { MetadataSlots } from './metadata-slots.js';
import { NvmeTarget } from './nvme-target.js';

/** Protection information of type 3 has no reference tag to check. [NVM] 5.3.1 */
const TYPE_WITHOUT_REFERENCE = 3;

/** What transfers are besides contiguous data. */
export interface TransferChoices {
  /** elements of each payload, 1 for a contiguous one */
  readonly iovecs: number;
  /** whether the controller makes and checks protection information */
  readonly pi: boolean;
  /** memory for metadata; undefined where blocks have none, or it stays with the controller */
  readonly metadata: MetadataSlots | undefined;
}

/** Whether metadata is protection information and nothing else, and stays with the controller, which makes it. [NVM] 5.3.2 */
export function isStripped({ metadataBytes, piBytes }: Namespace, isMade: boolean): boolean {
  return isMade && metadataBytes === piBytes;
}

/** The driver alone, with payloads in pieces, metadata and protection information. What metadata holds is nobody's concern here. */
export class NvmeTransferTarget extends NvmeTarget {
  private readonly transfer = new Transfer();
  private readonly vector: IoVector | null;
  private readonly elements: number;
  private readonly readFlags: number;
  private readonly writeFlags: number;
  readonly metadata: MetadataSlots | undefined;

  constructor(pair: QueuePair, namespace: Namespace, choices: TransferChoices) {
    super(pair, namespace);
    this.elements = choices.iovecs;
    this.vector = choices.iovecs > 1 ? new IoVector(choices.iovecs) : null;
    this.transfer.scatter = this.vector;
    const reference = namespace.piType === TYPE_WITHOUT_REFERENCE ? 0 : RW_CDW12_PRCHK_REFERENCE;
    this.writeFlags = choices.pi ? RW_CDW12_PRACT : 0;
    this.readFlags = choices.pi ? RW_CDW12_PRACT | RW_CDW12_PRCHK_GUARD | reference : 0;
    this.metadata = choices.metadata;
  }

  override read(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    this.fill(address, lba, blocks, this.readFlags, context);
    return this.pair.submitTransfer(NVM_READ, this.namespace, this.transfer, callback, context);
  }

  override write(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number {
    this.fill(address, lba, blocks, this.writeFlags, context);
    return this.pair.submitTransfer(NVM_WRITE, this.namespace, this.transfer, callback, context);
  }

  private fill(address: number, lba: number, blocks: number, flags: number, context: unknown): void {
    const { transfer, vector, elements, metadata } = this;
    transfer.set(address, lba, blocks, flags);
    transfer.metadata = metadata === undefined ? 0 : metadata.address(context as number);
    if (vector === null) return;
    const bytes = (blocks * this.lbaBytes) / elements;
    vector.clear();
    for (let i = 0; i < elements; i++) vector.add(address + i * bytes, bytes);
  }
}
