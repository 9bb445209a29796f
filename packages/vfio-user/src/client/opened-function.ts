import type { Log } from '@phasebit/core';
import {
  closeDescriptor,
  createEventFd,
  endWaits,
  keepAlive,
  type MappedMemory,
  readEventFd,
  waitReadable,
} from '@phasebit/linux';
import { CAP, REG_CAP } from '@phasebit/nvme-spec';
import {
  createMmioCounters,
  type DmaSpace,
  type Doorbells,
  EventVectors,
  type MemoryOrder,
  type MmioCounters,
  type RegisterWindow,
  WAIT_SLICE_MS,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { COMMAND_RESET, REGION_BAR2, REGION_BAR4 } from '../protocol/commands.js';
import { NOTHING } from '../protocol/header.js';
import type { ClientArenas } from './client-arenas.js';
import { MappedDoorbells, MessageDoorbells } from './client-doorbells.js';
import { MessageRegisters } from './message-registers.js';
import type { RemoteDevice, RemoteIdentity } from './remote-device.js';
import type { ServerLink } from './server-link.js';
import type { VfioUserFunction, VfioUserOptions } from './vfio-user-function.js';

const VECTORS_DEFAULT = 32;
/** How long the watcher of the socket sleeps at a time, milliseconds: as late as it notices that a reply or a send failed. */
const WATCH_SLICE_MS = 20;

/** What {@link OpenedFunction} is made of: a connection over which the device was asked about and has the memory. */
export interface OpenedParts {
  readonly path: string;
  readonly log: Log;
  readonly options: VfioUserOptions;
  readonly link: ServerLink;
  readonly arenas: ClientArenas;
  readonly device: RemoteDevice;
}

/** A function whose server is connected. */
export class OpenedFunction implements VfioUserFunction {
  readonly counters: MmioCounters = createMmioCounters();
  readonly registers: RegisterWindow;
  readonly vectors: EventVectors;
  readonly memoryOrder: MemoryOrder = arch === 'x64' ? 'store-order' : 'weak';
  readonly dma: DmaSpace;
  readonly identity: RemoteIdentity;
  readonly bars: readonly number[];
  doorbells: Doorbells;
  cmb: ArrayBufferLike | undefined = undefined;
  pmr: ArrayBufferLike | undefined = undefined;
  areDoorbellsMapped = false;
  private readonly eventFds: readonly number[];
  private readonly mapped: MappedMemory[] = [];
  private isClosed = false;

  private constructor(private readonly parts: OpenedParts) {
    const { options, link, device } = parts;
    this.registers = new MessageRegisters(link, this.counters);
    this.doorbells = new MessageDoorbells(link, 0, this.counters);
    this.dma = parts.arenas.space;
    this.identity = device.identity;
    this.bars = device.bars.map(({ size }) => size);
    const vectors = Math.min(device.vectors, options.vectors ?? VECTORS_DEFAULT);
    this.eventFds = Array.from({ length: vectors }, createEventFd);
    const waitForEvent = (fd: number, timeoutMs: number): Promise<unknown> => this.waitForEvent(fd, timeoutMs);
    this.vectors = new EventVectors(
      this.eventFds,
      { takeEvents: readEventFd, waitReadable: waitForEvent, endWaits, close: closeDescriptor, keepAlive },
      options.clock,
    );
  }

  /** Maps what can be mapped, and has interrupts come. @throws as `openVfioUser` */
  static async open(parts: OpenedParts): Promise<OpenedFunction> {
    const opened = new OpenedFunction(parts);
    try {
      await opened.start();
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** @inheritDoc */
  get isLost(): boolean {
    return this.parts.link.failure !== undefined;
  }

  /** @inheritDoc */
  async pause(): Promise<void> {
    this.serve();
    await (this.parts.options.pause ?? nextTurn)();
  }

  /** @inheritDoc */
  serve(): void {
    this.parts.link.serve();
  }

  /** @inheritDoc */
  async resetFunction(): Promise<void> {
    await this.parts.link.call(COMMAND_RESET, NOTHING);
  }

  /** @inheritDoc */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { link, arenas } = this.parts;
    endWaits(link.fd);
    link.close();
    this.vectors.close();
    for (const memory of this.mapped) memory.detach(0, memory.bytes);
    if (this.parts.options.memory === undefined) arenas.close();
  }

  private async start(): Promise<void> {
    const { options, link, device } = this.parts;
    await device.enable();
    if (this.vectors.count > 0) await device.signalBy(this.eventFds);
    const cap = await this.registers.read64(REG_CAP);
    const dstrd = CAP.DSTRD.get(cap.low, cap.high);
    const doorbells = options.mapDoorbells === false ? undefined : await device.mapDoorbells();
    this.areDoorbellsMapped = doorbells !== undefined;
    this.doorbells =
      doorbells === undefined
        ? new MessageDoorbells(link, dstrd, this.counters)
        : new MappedDoorbells(new Int32Array(this.keep(doorbells)), dstrd, this.counters);
    const [cmb, pmr] = [await device.mapBar(REGION_BAR2), await device.mapBar(REGION_BAR4)];
    if (cmb !== undefined) this.cmb = this.keep(cmb);
    if (pmr !== undefined) this.pmr = this.keep(pmr);
    void this.watch();
  }

  /** Waits for a message. A server that is stepped on this thread gets its moments meanwhile. */
  private async waitForEvent(fd: number, timeoutMs: number): Promise<void> {
    const isStepped = this.parts.options.pause !== undefined;
    if (await waitReadable(fd, isStepped ? Math.min(timeoutMs, WAIT_SLICE_MS) : timeoutMs)) return;
    if (isStepped) await this.pause();
  }

  private keep(memory: MappedMemory): ArrayBuffer {
    this.mapped.push(memory);
    return memory.buffer;
  }

  /** Looks at the socket whenever something arrives, for as long as the event loop turns: requests, and the end of the connection. */
  private async watch(): Promise<void> {
    const { link, log, path } = this.parts;
    while (!this.isLost) {
      if (await waitReadable(link.fd, WATCH_SLICE_MS)) this.serve();
    }
    if (this.isClosed) return;
    const news = `lost the server at ${path}: ${link.failure}`;
    this.vectors.end(news);
    log.warn(`vfio-user: ${news}`);
  }
}
