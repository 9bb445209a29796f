import {
  createDmaArena,
  createLinkMemory,
  DmaSpace,
  LinkDevice,
  type LinkHostOptions,
  openLink,
  type PcieFunction,
} from '@phasebit/pcie';
import type { CommandLimits } from '../src/command-limits.js';
import { settleQueuePairOptions, type QueuePairOptions, type QueuePairPlace } from '../src/queue-pair-options.js';
import { QueuePair } from '../src/queue-pair.js';
import type { Namespace } from '../src/namespace.js';

/** Limits of a controller that offers everything and bounds nothing. */
export const NO_LIMITS: CommandLimits = {
  offered: 0xffff,
  canFuse: true,
  compareAndWriteBlocksMax: 65_536,
  verifyBlocksMax: 65_536,
  writeZeroesBlocksMax: 65_536,
  writeZeroesDeallocateBlocksMax: 65_536,
  writeUncorrectableBlocksMax: 65_536,
  datasetRangesMax: 256,
  datasetRangeBlocksMax: 0xffff_ffff,
  datasetBlocksMax: Number.MAX_SAFE_INTEGER,
  copyRangesMax: 256,
  copyRangeBlocksMax: 65_536,
  copyBlocksMax: 0xffff_ffff,
  copyFormats: 3,
  copyChecksStorageTag: true,
  hasDirectives: true,
  hasPlacement: true,
  reservations: 0xff,
};

/**
 * A namespace of 4 KiB blocks that nobody identified. What follows from the format is made to: `wireBlockBytes`, most blocks, tag bits.
 */
export function plainNamespace(changes: Partial<Namespace> = {}): Namespace {
  const { blockBytes = 4096, metadataBytes = 0, isExtended = false, piType = 0, guardBits = 16 } = changes;
  const { transferBlocksMax = 128, storageTagBits = 0 } = changes;
  const tagBits = { 16: 32, 32: 80, 64: 48 }[guardBits] ?? 0;
  const namespace = {
    nsid: 1,
    blockBytes,
    blockShift: Math.log2(blockBytes),
    blocks: 1 << 20,
    plainBlocksMax: metadataBytes === 0 ? transferBlocksMax : 0,
    plainZeroesMax: piType === 0 ? 65_536 : 0,
    transferBlocksMax,
    strippedBlocksMax: transferBlocksMax,
    boundaryBlocks: 0,
    metadataBytes,
    isExtended,
    wireBlockBytes: blockBytes + (isExtended ? metadataBytes : 0),
    piType,
    piIsFirst: false,
    piBytes: piType === 0 ? 0 : guardBits === 16 ? 8 : 16,
    storageTagBits,
    referenceTagBits: piType === 0 ? 0 : tagBits - storageTagBits,
    limits: NO_LIMITS,
  };
  return { ...namespace, anaGroupId: 0, ...changes, guardBits: piType === 0 ? 0 : guardBits } as unknown as Namespace;
}

/**
 * The device's side of one queue pair, moved by hand: the test says which command completes when, and in which order. It is written from
 * the figures of the specification alone, byte offsets and all, and shares no code with the driver or the controller model.
 */
export class ScriptedDevice {
  readonly function: PcieFunction;
  readonly dma = new DmaSpace();
  readonly pair: QueuePair;
  readonly entries: number;
  private readonly link: LinkDevice;
  private readonly sq: DataView;
  private readonly cq: DataView;
  private sqHead = 0;
  private cqTail = 0;
  private phase = 1;

  constructor(
    options: QueuePairOptions & { entries: number },
    scatterSeed?: number,
    place: Partial<QueuePairPlace> = {},
    surroundings: Partial<Pick<LinkHostOptions, 'clock' | 'pause'>> = {},
  ) {
    this.dma.attach(createDmaArena({ bytes: 1 << 20 }));
    this.dma.attach(
      createDmaArena({ bytes: 8 << 20, iovaBase: 2 ** 40, ...(scatterSeed === undefined ? {} : { scatterSeed }) }),
    );
    const memory = createLinkMemory({ queues: 4 });
    this.link = new LinkDevice(memory);
    const standing = { clock: { nowNs: () => 0 }, pause: () => Promise.resolve() };
    this.function = openLink({ memory, dma: this.dma, ...standing, ...surroundings });
    this.entries = options.entries;
    const sqAddress = this.dma.allocate(options.entries * 64, { contiguous: true });
    const cqAddress = this.dma.allocate(options.entries * 16, { contiguous: true });
    this.sq = viewOf(this.dma.bytes(sqAddress, options.entries * 64));
    this.cq = viewOf(this.dma.bytes(cqAddress, options.entries * 16));
    const places = { qid: 1, function: this.function, sqAddress, cqAddress, transferBytesMax: 512 << 10, ...place };
    this.pair = new QueuePair(places, settleQueuePairOptions(options, 65_536));
  }

  /** Forgets all, as a controller does that is reset and whose queues are created again. */
  restart(): void {
    this.link.words[this.link.sqDoorbellWord(1)] = 0;
    this.link.words[this.link.cqDoorbellWord(1)] = 0;
    this.sqHead = 0;
    this.cqTail = 0;
    this.phase = 1;
  }

  /** Sends the message of an MSI-X vector. */
  sendMessage(vector: number): void {
    this.link.sendMessage(vector);
  }

  /** The tail that the host last wrote to the doorbell. */
  get sqTailDoorbell(): number {
    return this.link.words[this.link.sqDoorbellWord(1)];
  }

  /** The head that the host last wrote to the doorbell. */
  get cqHeadDoorbell(): number {
    return this.link.words[this.link.cqDoorbellWord(1)];
  }

  /** Fetches the next command, or gives undefined when the doorbell shows no more. */
  fetch():
    | {
        cid: number;
        opcode: number;
        nsid: number;
        slba: number;
        nlb0: number;
        prp1: number;
        prp2: number;
        dwords: number[];
      }
    | undefined {
    if (this.sqHead === this.sqTailDoorbell) return undefined;
    const at = this.sqHead * 64;
    this.sqHead = (this.sqHead + 1) % this.entries;
    const dwords = Array.from({ length: 16 }, (_, i) => this.sq.getUint32(at + i * 4, true));
    return {
      opcode: this.sq.getUint8(at),
      cid: this.sq.getUint16(at + 2, true),
      nsid: dwords[1],
      prp1: Number(this.sq.getBigUint64(at + 24, true)),
      prp2: Number(this.sq.getBigUint64(at + 32, true)),
      slba: Number(this.sq.getBigUint64(at + 40, true)),
      nlb0: this.sq.getUint16(at + 48, true),
      dwords,
    };
  }

  /** All commands that the doorbell shows. */
  fetchAll(): NonNullable<ReturnType<ScriptedDevice['fetch']>>[] {
    const commands = [];
    for (let command = this.fetch(); command !== undefined; command = this.fetch()) commands.push(command);
    return commands;
  }

  /** Posts a completion. Throws when the host has not given the entry back. */
  complete(cid: number, status = 0, dw0 = 0, sqHead = this.sqHead): void {
    if ((this.cqTail + 1) % this.entries === this.cqHeadDoorbell) throw new Error('the completion ring is full');
    const at = this.cqTail * 16;
    this.cq.setUint32(at, dw0, true);
    this.cq.setUint32(at + 4, 0, true);
    this.cq.setUint16(at + 8, sqHead, true);
    this.cq.setUint16(at + 10, 1, true);
    this.cq.setUint32(at + 12, (cid | (this.phase << 16) | (status << 17)) >>> 0, true);
    this.cqTail = (this.cqTail + 1) % this.entries;
    if (this.cqTail === 0) this.phase ^= 1;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
