/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import {
  DSM_CDW11,
  DSM_RANGE_BYTES,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  RW_BLOCKS_MAX,
  SQE_DWORDS,
  STATUS_COMMAND_ABORTED_BY_HOST,
} from '@phasebit/nvme-spec';
import { CommandBuilder } from './command-builder.js';
import type { CompletionCallback } from './completion.js';
import { DatasetRanges } from './dataset-ranges.js';
import type { Namespace } from './namespace.js';
import type { QueuePairPlace, QueuePairSettings } from './queue-pair-options.js';
import { REQUEST_SHIFT, RequestPool } from './request-pool.js';
import { RingPair } from './ring-pair.js';
import { crossesBoundary, SplitTransfers } from './split-transfers.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';

// Imported bindings are not folded into the code by V8, constants of this module are.
const OPC_READ = NVM_READ;
const OPC_WRITE = NVM_WRITE;
const ACCEPTED = SUBMIT_ACCEPTED;
const REQUEST = REQUEST_SHIFT;
const LBA_MAX = Number.MAX_SAFE_INTEGER;

/** What a queue pair has counted since it was made. */
export interface QueuePairStatistics {
  /** calls of poll */
  readonly polls: number;
  /** polls that found nothing */
  readonly idlePolls: number;
  /** commands put into the ring */
  readonly submitted: number;
  /** completions taken from the ring and believed */
  readonly completions: number;
  /** completions that named no command in flight: dropped */
  readonly spurious: number;
  /** requests that had to wait for a tracker */
  readonly queued: number;
  /** submissions refused for want of a request */
  readonly refused: number;
  /** transfers that were cut into pieces */
  readonly split: number;
}

/**
 * A queue pair as its user sees it: commands in, callbacks out. It belongs to one thread and acts only when called.
 * The generic half is here: requests, splitting, refusals; the rings are `RingPair`'s.
 *
 * Q1. An accepted command is called back exactly once, from inside a poll or a disconnect.
 * Q2. Requests are free again before their callback runs, so a callback can always submit one command for the one that completed.
 */
export class QueuePair {
  /** queue identifier, the same for both rings; 0 is the admin queue */
  readonly qid: number;
  /** the choices this queue pair was made with */
  readonly settings: QueuePairSettings;
  private readonly place: QueuePairPlace;
  private readonly pool: RequestPool;
  private readonly builder: CommandBuilder;
  private readonly rings: RingPair;
  private readonly splits: SplitTransfers;
  private readonly ranges: DatasetRanges;
  private readonly whole = new Int32Array(SQE_DWORDS);
  private isConnected = true;
  private isPolling = false;
  private polls = 0;
  private idlePolls = 0;
  private refused = 0;

  /** Use `Controller.createQueuePair`: the controller has to know the rings too. */
  constructor(place: QueuePairPlace, settings: QueuePairSettings) {
    const { dma } = place.function;
    this.qid = place.qid;
    this.settings = settings;
    this.place = place;
    this.pool = new RequestPool(settings.requests);
    this.builder = new CommandBuilder(this.pool, dma);
    // Both take DMA memory: the one that gives it back when there is no more comes last.
    this.ranges = new DatasetRanges(dma, settings.requests);
    this.rings = makeRings(place, settings, this.pool, this.ranges);
    this.splits = new SplitTransfers(this.pool, this);
  }

  /** Commands in the ring that have not completed. */
  get inFlight(): number {
    return this.rings.inFlight;
  }

  /** Requests held: in flight, waiting, and wholes whose pieces are. */
  get outstanding(): number {
    return this.pool.capacity - this.pool.available;
  }

  /** Whether commands can be submitted. */
  get connected(): boolean {
    return this.isConnected;
  }

  /** The counters as they stand. */
  get statistics(): QueuePairStatistics {
    const { polls, idlePolls, refused } = this;
    const { submitted, reaped, spurious, queued } = this.rings;
    return {
      polls,
      idlePolls,
      submitted,
      completions: reaped - spurious,
      spurious,
      queued,
      refused,
      split: this.splits.count,
    };
  }

  /**
   * Reads `blocks` logical blocks from `lba` on into host memory at `address`. [NVM] 3.2.4
   *
   * @param address - host address in DMA memory, a multiple of 4, for `blocks * blockBytes` bytes
   * @param lba - 0 to 2^53 - 1; whether the namespace has it is the controller's to say
   * @param blocks - 1 and up; what one command cannot carry is split
   * @param flags - upper bits of dword 12 (FUA, LR, PRINFO), 0 for none
   * @returns one of the SUBMIT answers
   * @throws RangeError when `lba` is negative or past 2^53 - 1
   */
  read(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.transfer(OPC_READ, namespace, address, lba, blocks, flags, callback, context);
  }

  /** Writes `blocks` logical blocks; parameters as in {@link QueuePair.read}. [NVM] 3.2.6 */
  write(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.transfer(OPC_WRITE, namespace, address, lba, blocks, flags, callback, context);
  }

  /** Compares `blocks` logical blocks with memory; parameters as in {@link QueuePair.read}. [NVM] 3.2.1 */
  compare(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.transfer(NVM_COMPARE, namespace, address, lba, blocks, flags, callback, context);
  }

  /** Makes up to 65,536 blocks read as zeroes. `flags` may have DEAC. [NVM] 3.2.8 */
  writeZeroes(
    namespace: Namespace,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    if (!(blocks >= 1 && blocks <= RW_BLOCKS_MAX)) return SUBMIT_NEVER;
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.builder.buildBlocks(request << REQUEST, NVM_WRITE_ZEROES, namespace.nsid, lba, flags | (blocks - 1));
    this.builder.setPayload(request << REQUEST, 0, 0);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /** Tells the device that up to 2^32 - 1 blocks are not needed any more: dataset management with one range. [NVM] 3.2.3 */
  deallocate(
    namespace: Namespace,
    lba: number,
    blocks: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    if (!(blocks >= 1 && blocks <= 0xffff_ffff)) return SUBMIT_NEVER;
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.startWhole(NVM_DATASET_MANAGEMENT, namespace.nsid, DSM_CDW11.AD.set(0, 1));
    this.builder.buildWhole(request, this.whole, this.ranges.write(request, lba, blocks), DSM_RANGE_BYTES);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /** Makes every write that completed before durable. [NVM] 3.2 and [Base] 7.2 */
  flush(namespace: Namespace, callback: CompletionCallback, context: unknown): number {
    this.startWhole(NVM_FLUSH, namespace.nsid, 0);
    return this.submitCommand(this.whole, 0, 0, callback, context);
  }

  /**
   * A command given as its dwords: everything but the command identifier and the data pointer, which are filled in here.
   *
   * @param command - 16 dwords: opcode in dword 0, nsid in 1, dwords 10 to 15; others 0
   * @param address - host address of the payload, 0 without one
   * @param bytes - of payload, 0 to the transfer limit
   */
  submitCommand(
    command: Int32Array,
    address: number,
    bytes: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (bytes > this.place.transferBytesMax) return SUBMIT_NEVER;
    if (bytes !== 0 && !this.builder.isPayload(address, bytes)) return SUBMIT_NEVER;
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.builder.buildWhole(request, command, bytes === 0 ? 0 : address, bytes);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /**
   * Takes what has completed, calls the callbacks, gives the ring back, and tells the device what was submitted since the last poll.
   *
   * @returns the number of completions taken
   */
  poll(): number {
    assert(!this.isPolling, 'a callback must not poll its own queue pair');
    // Its queue identifier, and so its doorbells, may be another's by now.
    if (!this.isConnected) return 0;
    this.isPolling = true;
    this.polls++;
    // eslint-disable-next-line no-restricted-syntax -- costs nothing measurable, and a callback may throw
    try {
      const found = this.rings.poll();
      if (found === 0) this.idlePolls++;
      return found;
    } finally {
      this.isPolling = false; // a callback that throws ends this poll, not the queue pair
    }
  }

  /** Tells the coarse time, which is stamped on what is submitted from now on: any unit, 32 bits, growing. */
  setTick(tick: number): void {
    this.rings.setTick(tick);
  }

  /** How many ticks the oldest command in flight has waited; 0 with none in flight. Walks all trackers: not for each poll. */
  oldestTicks(): number {
    return this.rings.oldestTicks();
  }

  /**
   * Ends the connection: nothing is submitted or believed any more, and everything accepted completes with `status`. The caller has made
   * sure that the device no longer writes to the payloads.
   *
   * @param status - 15 bits; default is the host's own "aborted by host", a path error that may be retried elsewhere
   */
  disconnect(status: number = STATUS_COMMAND_ABORTED_BY_HOST): void {
    if (!this.rings.open) return;
    this.isConnected = false;
    this.rings.close(status);
  }

  /** For the controller, which is about to delete the rings: nothing is submitted, believed or rung any more. @internal */
  retire(): void {
    this.isConnected = false;
  }

  /** For the controller, which has deleted the rings: takes what the device completed before it let go. @internal */
  collect(): void {
    this.rings.collect();
  }

  /** Gives the DMA memory back. Only after {@link QueuePair.disconnect}, when the device knows the rings no more. */
  free(): void {
    const { dma } = this.place.function;
    this.rings.free(dma);
    dma.free(this.ranges.address);
  }

  /** Builds and sends one command, for which a request is there: a whole transfer, or, for the splitter, a piece of one. @internal */
  sendPiece(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): void {
    const request = this.pool.take();
    assert(request >= 0, 'a split has a request for each of its pieces');
    const at = request << REQUEST;
    this.builder.buildBlocks(at, opcode, namespace.nsid, lba, flags | (blocks - 1));
    this.builder.setPayload(at, address, blocks << namespace.blockShift);
    this.rings.submit(request, callback, context);
  }

  private transfer(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    if (blocks > namespace.transferBlocksMax || crossesBoundary(lba, blocks, namespace.boundaryBlocks)) {
      return this.transferSplit(opcode, namespace, address, lba, blocks, flags, callback, context);
    }
    if (!this.builder.isPayload(address, blocks << namespace.blockShift)) return SUBMIT_NEVER;
    if (this.pool.available === 0) return this.refuse();
    this.sendPiece(opcode, namespace, address, lba, blocks, flags, callback, context);
    return ACCEPTED;
  }

  private transferSplit(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!(lba >= 0 && lba + blocks <= LBA_MAX)) failLba(lba);
    if (!this.builder.isPayload(address, blocks * namespace.blockBytes)) return SUBMIT_NEVER;
    const answer = this.splits.submit(opcode, namespace, address, lba, blocks, flags, callback, context);
    return answer === SUBMIT_AGAIN ? this.refuse() : answer;
  }

  private startWhole(opcode: number, nsid: number, cdw11: number): void {
    this.whole.fill(0);
    this.whole[0] = opcode;
    this.whole[1] = nsid;
    this.whole[11] = cdw11;
  }

  private refuse(): number {
    this.refused++;
    return SUBMIT_AGAIN;
  }
}

function failLba(lba: number): never {
  throw new RangeError(`lba: expected 0 to 2^53 - 1, got ${lba}`);
}

function makeRings(
  place: QueuePairPlace,
  settings: QueuePairSettings,
  pool: RequestPool,
  ranges: DatasetRanges,
): RingPair {
  // eslint-disable-next-line no-restricted-syntax -- called by the constructor
  try {
    // eslint-disable-next-line no-restricted-syntax -- called by the constructor
    return new RingPair(place, settings, pool);
  } catch (error) {
    place.function.dma.free(ranges.address);
    throw error;
  }
}
