import type { Log } from '@phasebit/core';
import { type MappedMemory, waitReadable } from '@phasebit/linux';
import { CAP, REG_CAP } from '@phasebit/nvme-spec';
import {
  createMmioCounters,
  type DmaSpace,
  type Doorbells,
  type MemoryOrder,
  type MmioCounters,
  type RegisterWindow,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { COMMAND_RESET, REGION_BAR2, REGION_BAR4 } from '../protocol/commands.js';
import { NOTHING } from '../protocol/header.js';
import type { ClientArenas } from './client-arenas.js';
import { MappedDoorbells, MessageDoorbells } from './client-doorbells.js';
import { EventVectors } from './event-vectors.js';
import { MessageRegisters } from './message-registers.js';
import type { RemoteDevice, RemoteIdentity } from './remote-device.js';
import type { ServerLink } from './server-link.js';
import type { VfioUserFunction, VfioUserOptions } from './vfio-user-function.js';

const VECTORS_DEFAULT = 32;
/** How long the watcher of the socket sleeps at a time, milliseconds: as late as a closed function hangs up. */
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
  private readonly mapped: MappedMemory[] = [];
  private isClosed = false;
  private isWatching = false;

  private constructor(private readonly parts: OpenedParts) {
    const { options, link, device } = parts;
    this.registers = new MessageRegisters(link, this.counters);
    this.doorbells = new MessageDoorbells(link, 0, this.counters);
    this.dma = parts.arenas.space;
    this.identity = device.identity;
    this.bars = device.bars.map(({ size }) => size);
    this.vectors = new EventVectors({
      count: Math.min(device.vectors, options.vectors ?? VECTORS_DEFAULT),
      clock: options.clock,
      pause: () => this.pause(),
      isLost: () => this.isLost,
    });
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
    link.abandon();
    // Whoever watches the socket wakes up first, and closes it then.
    if (!this.isWatching) link.close();
    this.vectors.close();
    for (const memory of this.mapped) memory.detach(0, memory.bytes);
    if (this.parts.options.memory === undefined) arenas.close();
  }

  private async start(): Promise<void> {
    const { options, link, device } = this.parts;
    await device.enable();
    if (this.vectors.count > 0) await device.signalBy(this.vectors.eventFds);
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

  private keep(memory: MappedMemory): ArrayBuffer {
    this.mapped.push(memory);
    return memory.buffer;
  }

  /** Looks at the socket whenever something arrives, for as long as the event loop turns: requests, and the end of the connection. */
  private async watch(): Promise<void> {
    const { link, log, path } = this.parts;
    this.isWatching = true;
    while (!this.isLost && !this.isClosed) {
      if (await waitReadable(link.fd, WATCH_SLICE_MS)) this.serve();
    }
    this.isWatching = false;
    if (!this.isClosed) log.warn(`vfio-user: lost the server at ${path}: ${link.failure}`);
    else link.close();
  }
}
