import { ManualClock } from '@phasebit/core';
import {
  createDmaArena,
  createLinkMemory,
  DeviceDma,
  DmaSpace,
  LinkDevice,
  openLink,
  type PcieFunction,
} from '@phasebit/pcie';
import { Controller } from '../src/controller.js';
import type { ControllerOptions } from '../src/controller-options.js';

// Offsets of [Base] 3.1.4, stated here by themselves.
const CAP = 0x00;
const VS = 0x08;
const CC = 0x14;
const CSTS = 0x1c;
const AQA = 0x24;
const ASQ = 0x28;
const ACQ = 0x30;
const CRTO = 0x68;

/** An admin command as the device fetched it. */
export interface SeenCommand {
  readonly opcode: number;
  readonly cid: number;
  readonly nsid: number;
  /** all sixteen dwords, unsigned */
  readonly dwords: readonly number[];
  /** the pages that its data pointer names, in order, each a view of host memory from its offset on; for data of up to `bytes` bytes */
  data(bytes: number): Uint8Array[];
}

/** What a device does with a command: completes it, with data before that; or keeps it. */
export type Answer = { status?: number; dw0?: number; data?: Uint8Array } | 'keep';

/** Answers an admin command, or leaves it to the device's own ways. */
export type Handler = (command: SeenCommand) => Answer | undefined;

/**
 * The device's side of a whole controller, registers and admin queue, played by a test: written from the figures of the specification alone. It
 * says yes to everything, has one namespace, and does anything else only when a handler says so. Each pause takes a millisecond of its own
 * clock, carries out register writes and answers commands. I/O queues can be created; nothing on them is ever fetched.
 */
export class ScriptedController {
  readonly clock = new ManualClock();
  readonly dma = new DmaSpace(16 << 20);
  readonly function: PcieFunction;
  /** commands in the order in which they were fetched */
  readonly commands: SeenCommand[] = [];
  /** values written to CC */
  readonly configured: number[] = [];
  /** handlers, asked first to last */
  readonly handlers: Handler[] = [];
  /** commands that are kept: event requests, and what a handler keeps */
  readonly kept: SeenCommand[] = [];
  /** Identify Controller, to be changed before it is asked for */
  readonly identity = new Uint8Array(4096);
  /** Identify Namespace by identifier */
  readonly namespaces = new Map<number, Uint8Array>();
  /** pauses between CC.EN and CSTS.RDY */
  readyPauses = 1;
  /** whether CC.EN is followed at all */
  followsEnable = true;
  /** whether it takes anything that is written, and fetches anything */
  isListening = true;
  /** runs in each pause */
  onPause: () => void = () => undefined;
  private readonly link: LinkDevice;
  private readonly mapped: DeviceDma;
  private readonly registers = new Map<number, number>();
  private csts = 0;
  private readyCountdown = 0;
  private sqHead = 0;
  private cqTail = 0;
  private phase = 1;

  constructor() {
    const arena = createDmaArena({ bytes: 8 << 20, iovaBase: 2 ** 40 });
    this.dma.attach(arena);
    this.mapped = new DeviceDma([arena]);
    const memory = createLinkMemory({ queues: 8 });
    this.link = new LinkDevice(memory);
    this.function = openLink({ memory, dma: this.dma, clock: this.clock, pause: this.pause });
    // MQES 63, CQR, TO 2 (one second), DSTRD of the link, CSS: the NVM command set. Version 2.0.
    this.show(CAP, 63 | (1 << 16) | (2 << 24));
    this.show(CAP + 4, this.link.dstrd | (1 << 5));
    this.show(VS, 0x2_0000);
    this.fillIdentity();
    this.addNamespace(1);
  }

  /** Brings up a driver. */
  attach(options: Partial<ControllerOptions> = {}): Promise<Controller> {
    return Controller.attach(this.function, { clock: this.clock, ioQueuePairs: 4, ...options });
  }

  /** Shows a register. */
  show(offset: number, value: number): void {
    this.link.show(offset, value);
  }

  /** The low and high half of CAP, with bits changed. */
  showCapabilities(low: number, high: number): void {
    this.show(CAP, low);
    this.show(CAP + 4, high);
  }

  /** Shows CRTO. */
  showReadyTimeouts(crto: number): void {
    this.show(CRTO, crto);
  }

  /** Shows CSTS with these bits beside RDY. */
  showStatus(bits: number): void {
    this.csts = (this.csts & 1) | bits;
    this.show(CSTS, this.csts);
  }

  /** RDY falls, or comes back, by itself. */
  setReady(ready: number): void {
    this.csts = (this.csts & ~1) | ready;
    this.show(CSTS, this.csts);
  }

  /** Leaves the bus. */
  vanish(): void {
    this.link.vanish();
  }

  /** A namespace of `blocks` blocks of 4 KiB, active from now on. */
  addNamespace(nsid: number, blocks = 1024): void {
    const page = new Uint8Array(4096);
    const view = new DataView(page.buffer);
    for (const offset of [0, 8, 16]) view.setBigUint64(offset, BigInt(blocks), true);
    view.setUint32(128, 12 << 16, true);
    this.namespaces.set(nsid, page);
  }

  /** Answers commands of an opcode, and of a dword 10 under a mask, from now on. */
  answer(
    opcode: number,
    answer: Answer | ((command: SeenCommand) => Answer | undefined),
    cdw10?: number,
    mask = 0xff,
  ): void {
    this.handlers.unshift((command) => {
      if (command.opcode !== opcode) return undefined;
      if (cdw10 !== undefined && (command.dwords[10] & mask) !== cdw10) return undefined;
      return typeof answer === 'function' ? answer(command) : answer;
    });
  }

  /** Commands of an opcode that were seen so far. */
  seen(opcode: number): SeenCommand[] {
    return this.commands.filter((command) => command.opcode === opcode);
  }

  /** Completes a command that was kept. */
  complete(command: SeenCommand, status = 0, dw0 = 0): void {
    const at = this.kept.indexOf(command);
    if (at >= 0) this.kept.splice(at, 1);
    const page = this.pageOf(this.register(ACQ), this.register(ACQ + 4), this.cqTail * 16);
    page.setUint32(0, dw0, true);
    page.setUint32(8, this.sqHead, true);
    page.setUint32(12, (command.cid | (this.phase << 16) | (status << 17)) >>> 0, true);
    this.cqTail = (this.cqTail + 1) % (((this.register(AQA) >>> 16) & 0xfff) + 1);
    if (this.cqTail === 0) this.phase ^= 1;
  }

  /** Reports an event on the oldest request for one. Gives whether there was any. */
  reportEvent(type: number, information: number, logPage: number): boolean {
    const request = this.kept.find(({ opcode }) => opcode === 0x0c);
    if (request === undefined) return false;
    this.complete(request, 0, type | (information << 8) | (logPage << 16));
    return true;
  }

  /** One pause. */
  readonly pause = (): Promise<void> => {
    this.clock.advanceNs(1e6);
    if (this.isListening) {
      this.link.drain({ writeRegister: (offset, low, high, bytes) => this.write(offset, low, high, bytes) });
      if (this.readyCountdown > 0 && --this.readyCountdown === 0) this.setReady(1);
      this.fetch();
    }
    this.onPause();
    return Promise.resolve();
  };

  private register(offset: number): number {
    return this.registers.get(offset) ?? 0;
  }

  private write(offset: number, low: number, high: number, bytes: number): void {
    this.registers.set(offset, low);
    if (bytes === 8) this.registers.set(offset + 4, high);
    if (offset !== CC) return;
    this.show(CC, low);
    this.configured.push(low);
    if (!this.followsEnable) return;
    this.readyCountdown = 0;
    if ((low & 1) === 0) {
      this.csts = 0;
      this.kept.length = 0;
      this.link.words[this.link.sqDoorbellWord(0)] = 0;
      this.link.words[this.link.cqDoorbellWord(0)] = 0;
    } else if ((this.csts & 1) === 0) {
      this.sqHead = this.cqTail = 0;
      this.phase = 1;
      this.readyCountdown = this.readyPauses;
    }
    // SHN 01b or 10b is answered at once: SHST 10b.
    this.csts = (low >>> 14) & 3 ? this.csts | (2 << 2) : this.csts & ~(3 << 2);
    this.show(CSTS, this.csts);
  }

  private fetch(): void {
    if ((this.csts & 1) === 0) return;
    const entries = (this.register(AQA) & 0xfff) + 1;
    while (this.sqHead !== this.link.words[this.link.sqDoorbellWord(0)] && (this.csts & 1) === 1) {
      const view = this.pageOf(this.register(ASQ), this.register(ASQ + 4), this.sqHead * 64);
      const dwords = Array.from({ length: 16 }, (_, i) => view.getUint32(i * 4, true));
      this.sqHead = (this.sqHead + 1) % entries;
      const [dw0, nsid] = dwords;
      const data = (bytes: number): Uint8Array[] => this.dataOf(dwords, bytes);
      const command = { opcode: dw0 & 0xff, cid: dw0 >>> 16, nsid: nsid, dwords, data };
      this.commands.push(command);
      this.execute(command);
    }
  }

  private execute(command: SeenCommand): void {
    let answer: Answer | undefined;
    for (const handler of this.handlers) if ((answer = handler(command)) !== undefined) break;
    answer ??= this.answerPlainly(command);
    if (answer === 'keep') {
      this.kept.push(command);
      return;
    }
    let done = 0;
    for (const piece of answer.data === undefined ? [] : command.data(answer.data.length)) {
      piece.set(answer.data!.subarray(done, done + piece.length));
      done += piece.length;
    }
    this.complete(command, answer.status, answer.dw0);
  }

  /** What a device does that nobody asks anything special of. */
  private answerPlainly({ opcode, nsid, dwords }: SeenCommand): Answer {
    if (opcode === 0x0c) return 'keep';
    // Set Features, Number of Queues: as many as asked for.
    if (opcode === 0x09 && (dwords[10] & 0xff) === 0x07) return { dw0: dwords[11] };
    if (opcode !== 0x06) return {};
    const cns = dwords[10] & 0xff;
    if (cns === 0x01) return { data: this.identity };
    if (cns === 0x02 || cns === 0x07) {
      const list = new Uint32Array(1024);
      list.set([...this.namespaces.keys()].filter((each) => each > nsid).sort((a, b) => a - b));
      return { data: new Uint8Array(list.buffer) };
    }
    const namespace = this.namespaces.get(nsid);
    if (cns === 0x00) return { data: namespace ?? new Uint8Array(4096) };
    return { data: new Uint8Array(4096) };
  }

  /** The pages of PRP1 and PRP2; a list has one page. [Base] 4.1.1 */
  private dataOf(dwords: readonly number[], bytes: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    const add = (low: number, high: number, left: number): number => {
      const page = this.mapped.bytesOf(this.mapped.pageAt(low, high));
      const offset = low & 0xfff;
      pieces.push(page.subarray(offset, Math.min(4096, offset + left)));
      return left - (4096 - offset);
    };
    let left = add(dwords[6], dwords[7], bytes);
    if (left <= 0) return pieces;
    if (left <= 4096) {
      add(dwords[8], dwords[9], left);
      return pieces;
    }
    const list = this.pageOf(dwords[8], dwords[9], 0);
    for (let i = 0; left > 0; i += 8) left = add(list.getUint32(i, true), list.getUint32(i + 4, true), left);
    return pieces;
  }

  /** Memory at a bus address and an offset from there, to the end of its page. The rings are contiguous on the bus. */
  private pageOf(low: number, high: number, offset: number): DataView {
    const at = low + offset;
    const bytes = this.mapped.bytesOf(this.mapped.pageAt(at >>> 0, high + Math.floor(at / 2 ** 32)));
    return new DataView(bytes.buffer, bytes.byteOffset + (at & 0xfff), 4096 - (at & 0xfff));
  }

  private fillIdentity(): void {
    const view = new DataView(this.identity.buffer);
    const ascii = (offset: number, text: string): void => this.identity.set(new TextEncoder().encode(text), offset);
    view.setUint16(0, 0x1234, true); // VID
    ascii(4, 'SCRIPTED'.padEnd(20));
    ascii(24, 'Scripted controller'.padEnd(40));
    ascii(64, '1'.padEnd(8));
    view.setUint8(77, 5); // MDTS, 128 KiB
    view.setUint16(78, 7, true); // CNTLID
    view.setUint8(258, 3); // ACL, 0's based
    view.setUint8(259, 3); // AERL, 0's based
    view.setUint8(261, 4); // LPA, extended data
    view.setUint8(512, 0x66); // SQES
    view.setUint8(513, 0x44); // CQES
    view.setUint32(516, 16, true); // NN
    view.setUint16(520, 0xff, true); // ONCS
  }
}
