import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  AQA,
  CC,
  CC_CSS_ALL,
  CC_CSS_NVM,
  CAP,
  CAP_CSS_COMMAND_SETS,
  CSTS,
  NVM_READ,
  NVM_WRITE,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { high32, low32 } from '@phasebit/core';
import type { ConformanceTarget } from './conformance-target.js';
import type { ControllerFacts } from './controller-facts.js';
import { ConformanceFailure, demandEqual, demandSuccess } from './failure.js';
import { HostMemory } from './host-memory.js';
import type { RawCommand } from './raw-command.js';
import type { RawCompletion } from './raw-completion.js';
import { makeRawQueues, type RawCompletionQueue, type RawQueueShape, type RawSubmissionQueue } from './raw-queue.js';

const DEADLINE_MS = 10_000;
const QUIET_MS = 20;
const ADMIN_ENTRIES = 64;
const IO_ENTRIES = 64;

/** What the admin rings are enabled with. */
export interface EnableOptions {
  /** slots of the admin submission ring, 2 to 4096; default 64 */
  readonly entries?: number;
  /** slots of the admin completion ring; default as many */
  readonly completionEntries?: number;
  /** changes the value of CC on its way to the register, EN included */
  readonly cc?: (cc: number) => number;
}

/**
 * The host of one case: registers, raw rings and memory, and nothing that a driver would do by itself. It shares no code with a driver, so
 * that a case can be as wrong as it needs to be.
 */
export class ConformanceHost {
  /** memory of this case */
  readonly memory: HostMemory;
  /** the function under test */
  readonly fn: PcieFunction;
  /** see {@link ConformanceTarget.unmappedIova}; NaN where there is none, which no case meets that asked for it in `skip` */
  readonly unmappedIova: number;
  private adminQueue: RawSubmissionQueue | undefined;
  private ioQueue: RawSubmissionQueue | undefined;

  constructor(
    private readonly target: ConformanceTarget,
    /** what is known of the controller; of no meaning while they are being gathered */
    readonly facts: ControllerFacts,
  ) {
    this.fn = target.fn;
    this.memory = new HostMemory(target.fn);
    this.unmappedIova = target.unmappedIova ?? Number.NaN;
  }

  // ---- life

  /** The admin queue pair that the controller was enabled with. */
  get admin(): RawSubmissionQueue {
    if (this.adminQueue === undefined)
      throw new ConformanceFailure('the case used the admin queue before it enabled the controller');
    return this.adminQueue;
  }

  /** Sets up the admin rings and enables the controller, without waiting for anything. */
  async configure(options: EnableOptions = {}): Promise<void> {
    const { entries = ADMIN_ENTRIES, completionEntries = entries } = options;
    const { registers } = this.fn;
    const queue = makeRawQueues(this.fn, (bytes) => this.memory.ring(bytes), { id: 0, entries, completionEntries });
    this.adminQueue = queue;
    registers.write32(REG_AQA, AQA.ASQS0.set(AQA.ACQS0.set(0, completionEntries - 1), entries - 1));
    this.write64(REG_ASQ, this.memory.iova(queue.address));
    this.write64(REG_ACQ, this.memory.iova(queue.completions.address));
    const cc = await this.plainConfiguration();
    registers.write32(REG_CC, options.cc === undefined ? cc : options.cc(cc));
  }

  /** Enables the controller and waits until it is ready. [Base] 3.5.1 */
  async enable(options: EnableOptions = {}): Promise<void> {
    await this.configure(options);
    await this.waitForStatus((csts) => CSTS.RDY.get(csts) === 1, 'CSTS.RDY=1');
  }

  /** Disables the controller and waits until it is not ready: no queue exists any more, and memory is the host's. [Base] 3.5.3 */
  async disable(): Promise<void> {
    const cc = await this.fn.registers.read32(REG_CC);
    this.fn.registers.write32(REG_CC, CC.EN.set(CC.SHN.set(cc, 0), 0));
    await this.waitForStatus((csts) => CSTS.RDY.get(csts) === 0, 'CSTS.RDY=0');
    this.adminQueue = undefined;
    this.ioQueue = undefined;
  }

  /** A CC that enables the NVM command set with entries of 64 and 16 bytes and pages of 4 KiB. [Base] 3.1.4.5 */
  async plainConfiguration(): Promise<number> {
    const cap = await this.fn.registers.read64(REG_CAP);
    const css = (CAP.CSS.get(cap.low, cap.high) & CAP_CSS_COMMAND_SETS) !== 0 ? CC_CSS_ALL : CC_CSS_NVM;
    return CC.EN.set(CC.CSS.set(CC.IOSQES.set(CC.IOCQES.set(0, 4), 6), css), 1);
  }

  // ---- registers

  /** Writes a 64-bit register given as one number below 2^53. */
  write64(offset: number, value: number): void {
    this.fn.registers.write64(offset, low32(value), high32(value));
  }

  /** CSTS, read until it is as expected. @throws ConformanceFailure after the deadline */
  async waitForStatus(isThere: (csts: number) => boolean, expected: string): Promise<number> {
    const deadlineNs = this.deadlineNs();
    for (;;) {
      const csts = await this.fn.registers.read32(REG_CSTS);
      if (isThere(csts)) return csts;
      if (this.target.clock.nowNs() > deadlineNs) {
        throw new ConformanceFailure(`CSTS: expected ${expected} in time, got 0x${csts.toString(16)}`);
      }
      await this.fn.pause();
    }
  }

  // ---- commands

  /** One admin command, there and back. */
  run(command: RawCommand): Promise<RawCompletion> {
    return this.execute(this.admin, command);
  }

  /** One command, there and back; it must be alone on its queue. */
  async execute(queue: RawSubmissionQueue, command: RawCommand): Promise<RawCompletion> {
    const cid = queue.push(command);
    queue.ring();
    const completion = await this.next(queue.completions);
    demandEqual(completion.cid, cid, 'command identifier of the completion');
    demandEqual(completion.sqId, queue.id, 'submission queue identifier of the completion');
    return completion;
  }

  /** Waits for the next completion, takes it and gives its entry back. @throws ConformanceFailure after the deadline */
  async next(completions: RawCompletionQueue): Promise<RawCompletion> {
    const completion = await this.peekNext(completions);
    completions.ring();
    return completion;
  }

  /** As {@link ConformanceHost.next}, and leaves the head doorbell alone. */
  async peekNext(completions: RawCompletionQueue): Promise<RawCompletion> {
    const deadlineNs = this.deadlineNs();
    for (;;) {
      const completion = completions.take();
      if (completion !== undefined) return completion;
      if (this.target.clock.nowNs() > deadlineNs) {
        throw new ConformanceFailure(`queue ${completions.id}: expected a completion in time, got none`);
      }
      await this.fn.pause();
    }
  }

  /** Lets time pass in which the controller could have done something, and gives the completion it must not have written, if any. */
  async surplus(completions: RawCompletionQueue): Promise<RawCompletion | undefined> {
    await this.rest();
    return completions.take();
  }

  /** Lets {@link ConformanceTarget.quietMs} pass: every posted write has arrived and could have been acted upon. */
  async rest(): Promise<void> {
    await this.fn.registers.read32(REG_CSTS);
    await this.sleep(this.target.quietMs ?? QUIET_MS);
  }

  /** Lets time pass; at most {@link ConformanceTarget.waitMsMax}. */
  async sleep(ms: number): Promise<void> {
    const untilNs = this.target.clock.nowNs() + ms * 1e6;
    while (this.target.clock.nowNs() < untilNs) await this.fn.pause();
  }

  /** Asks until the answer is yes: for what goes on in the background. @throws ConformanceFailure after the deadline */
  async eventually(isThere: () => Promise<boolean>, expected: string): Promise<void> {
    const deadlineNs = this.deadlineNs();
    while (!(await isThere())) {
      if (this.target.clock.nowNs() > deadlineNs)
        throw new ConformanceFailure(`expected ${expected} in time, got none`);
      await this.fn.pause();
    }
  }

  /** Creates an I/O queue pair. Memory: contiguous rings of its own. Fails the case when the controller refuses. */
  async createPair(shape: RawQueueShape, vector = -1): Promise<RawSubmissionQueue> {
    const queue = makeRawQueues(this.fn, (bytes) => this.memory.ring(bytes), shape);
    const { completions } = queue;
    const interrupt = vector < 0 ? 0 : (vector << 16) | 2;
    const cq = { opcode: ADMIN_CREATE_IO_CQ, prp1: this.memory.iova(completions.address) };
    const cqShape = { cdw10: (((completions.entries - 1) << 16) | completions.id) >>> 0, cdw11: (interrupt | 1) >>> 0 };
    demandSuccess(await this.run({ ...cq, ...cqShape }));
    const sq = { opcode: ADMIN_CREATE_IO_SQ, prp1: this.memory.iova(queue.address) };
    const sqShape = {
      cdw10: (((queue.entries - 1) << 16) | queue.id) >>> 0,
      cdw11: ((completions.id << 16) | 1) >>> 0,
    };
    demandSuccess(await this.run({ ...sq, ...sqShape }));
    return queue;
  }

  /** I/O queue pair 1 of 64 entries, created when it is first asked for. */
  async io(): Promise<RawSubmissionQueue> {
    const entries = Math.min(IO_ENTRIES, this.facts.queueEntriesMax);
    this.ioQueue ??= await this.createPair({ id: 1, entries });
    return this.ioQueue;
  }

  /** Reads blocks of the plain namespace into memory at a host address. */
  async readBlocks(lba: number, blocks: number, address: number): Promise<RawCompletion> {
    return this.transfer(NVM_READ, lba, blocks, address);
  }

  /** Writes blocks of the plain namespace from memory at a host address. */
  async writeBlocks(lba: number, blocks: number, address: number): Promise<RawCompletion> {
    return this.transfer(NVM_WRITE, lba, blocks, address);
  }

  private async transfer(opcode: number, lba: number, blocks: number, address: number): Promise<RawCompletion> {
    const { nsid, blockBytes } = this.facts.plain;
    const prps = this.memory.prps(address, blocks * blockBytes);
    const range = { cdw10: low32(lba), cdw11: high32(lba), cdw12: blocks - 1 };
    return this.execute(await this.io(), { opcode, nsid, ...prps, ...range });
  }

  private deadlineNs(): number {
    return this.target.clock.nowNs() + (this.target.deadlineMs ?? DEADLINE_MS) * 1e6;
  }
}
