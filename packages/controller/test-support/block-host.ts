import {
  ADMIN_SET_FEATURES,
  FEATURE_HOST_BEHAVIOR,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  SGL_ID_DATA_BLOCK,
} from '@phasebit/nvme-spec';
import { send } from './admin-calls.js';
import {
  type RawCommand,
  type RawCompletion,
  RawHost,
  type RawHostOptions,
  type RawSubmissionQueue,
} from './raw-host.js';

const DATA_BYTES = 256 * 1024;
const METADATA_BYTES = 64 * 1024;

/** What a block command says, in the terms of a test. */
export interface BlockCommand extends Partial<RawCommand> {
  readonly lba?: number;
  /** default 1 */
  readonly blocks?: number;
  /** bytes of the data buffer; none when it is not given */
  readonly dataBytes?: number;
  /** PRINFO */
  readonly prinfo?: number;
  /** initial reference tag, and above it the storage tag */
  readonly tags?: number;
  readonly applicationTag?: number;
  /** default all of it */
  readonly applicationMask?: number;
  /** other bits of dword 12 */
  readonly flags?: number;
}

/** A host that knows every format, with one queue, a buffer for data and one for metadata, both contiguous on the bus, that speaks of blocks. */
export class BlockHost {
  readonly host: RawHost;
  readonly queue: RawSubmissionQueue;
  readonly data: Uint8Array;
  readonly dataIova: number;
  readonly metadata: Uint8Array;
  readonly metadataIova: number;

  constructor(options: RawHostOptions = {}) {
    this.host = new RawHost(options).enable();
    this.queue = this.host.createPair(1);
    const behavior = new Uint8Array(HOST_BEHAVIOR_BYTES);
    behavior[HOST_BEHAVIOR_LBAFEE] = 1;
    send(this.host, behavior, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
    const data = this.host.ring(DATA_BYTES);
    const metadata = this.host.ring(METADATA_BYTES);
    this.data = this.host.dma.bytes(data, DATA_BYTES);
    this.dataIova = this.host.iova(data);
    this.metadata = this.host.dma.bytes(metadata, METADATA_BYTES);
    this.metadataIova = this.host.iova(metadata);
  }

  /** One command to namespace 1, there and back. Data goes by one SGL descriptor, metadata by MPTR. */
  run(opcode: number, command: BlockCommand = {}): RawCompletion {
    return this.queue.execute(this.command(opcode, command));
  }

  /** The command that {@link BlockHost.run} sends. */
  command(opcode: number, command: BlockCommand): RawCommand {
    const { lba = 0, blocks = 1, dataBytes, prinfo = 0, tags = 0, flags = 0, ...rest } = command;
    const { applicationTag = 0, applicationMask = 0xffff, ...raw } = rest;
    const data =
      dataBytes === undefined
        ? {}
        : { psdt: 1, sgl: { identifier: SGL_ID_DATA_BLOCK, address: this.dataIova, length: dataBytes } };
    return {
      opcode,
      nsid: 1,
      mptr: this.metadataIova,
      cdw3: Math.floor(tags / 2 ** 32),
      cdw10: lba % 2 ** 32,
      cdw11: Math.floor(lba / 2 ** 32),
      cdw12: ((flags | (prinfo << 26)) >>> 0) + (blocks - 1),
      cdw14: tags % 2 ** 32,
      cdw15: applicationMask * 0x1_0000 + applicationTag,
      ...data,
      ...raw,
    };
  }
}
