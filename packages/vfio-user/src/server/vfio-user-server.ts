import { type AbortSignalLike, type Log, silentLog } from '@phasebit/core';
import { endWaits, UnixListener, waitReadable } from '@phasebit/linux';
import { CC, REG_CC } from '@phasebit/nvme-spec';
import { DeviceDma, MSIX_VECTORS_MAX, POSTED_WRITES_MAX } from '@phasebit/pcie';
import { clearInterval, setInterval } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CAPABILITIES_OURS } from '../protocol/capabilities.js';
import { LostMemoryError } from './client-memory.js';
import { DmaTable } from './dma-table.js';
import { InterruptTable } from './interrupt-table.js';
import { MessagePages } from './message-pages.js';
import { settleIdentity } from './pci-identity.js';
import type { VfioUserDevice, VfioUserServerOptions } from './server-options.js';
import { ServedFunction } from './served-function.js';
import { Session } from './session.js';

/** Queue identifiers of a function unless told otherwise: the admin queue's and 64 more. */
const QUEUES_DEFAULT = 65;
const DMA_BYTES_MAX_DEFAULT = 2 ** 34;
/** Turns that found work between two looks at the socket. */
const TURNS_PER_LOOK = 8;
/** A timer that only is there: once a day. */
const KEPT_ALIVE_MS = 86_400_000;
/** Turns between two turns of the event loop while there is work. */
const TURNS_PER_LOOP = 256;

/**
 * Serves a controller to one client after the other over the vfio-user protocol: a virtual machine monitor that shows it to its guest as a
 * PCI NVMe disk, or a driver.
 *
 * All of it happens on one thread, inside {@link VfioUserServer.step}: commands of the client's, then a turn of the controller, then its
 * interrupts. So between two steps the device is quiescent, whatever changes. Nothing that a client sends makes it throw. It waits for a
 * client in two cases only: when its memory can be had by messages only, and when it does not take what it is sent.
 */
export class VfioUserServer {
  /** the controller */
  readonly device: VfioUserDevice;
  private readonly listener: UnixListener;
  private readonly served: ServedFunction;
  private readonly dma = new DeviceDma();
  private readonly interrupts: InterruptTable;
  private readonly log: Log;
  private session: Session | undefined = undefined;
  private table: DmaTable | undefined = undefined;
  private pages: MessagePages | undefined = undefined;
  private busyTurns = 0;
  private isStepping = false;
  private resetDue: undefined | 'function' | 'with-config' = undefined;
  private isOpen = true;

  private constructor(private readonly options: VfioUserServerOptions) {
    const { queues = QUEUES_DEFAULT, log = silentLog } = options;
    this.log = log;
    this.served = new ServedFunction({
      queues,
      vectors: options.vectors ?? Math.min(queues, MSIX_VECTORS_MAX),
      dstrd: options.dstrd ?? 0,
      cmbBytes: options.cmbBytes ?? 0,
      pmrBytes: options.pmrBytes ?? 0,
      identity: settleIdentity(options.identity ?? {}),
      mapDoorbells: options.mapDoorbells ?? true,
      settle: () => this.settle(),
      onReset: () => this.resetFunction(true),
    });
    const { link, port } = this.served;
    this.interrupts = new InterruptTable(port, link.vectors);
    link.onMessage = (vector) => this.interrupts.note(vector);
    try {
      this.device = options.makeDevice(link, this.dma);
      this.listener = UnixListener.listen(options.path);
    } catch (error) {
      this.served.close();
      throw error;
    }
  }

  /**
   * Begins to serve; whoever connects is answered by {@link VfioUserServer.step}.
   *
   * @throws RangeError naming the option that is out of range; SystemCallError EADDRINUSE when somebody serves there
   */
  static listen(options: VfioUserServerOptions): VfioUserServer {
    return new VfioUserServer(options);
  }

  /** The socket. */
  get path(): string {
    return this.options.path;
  }

  /** Whether a client is connected. */
  get isConnected(): boolean {
    return this.session !== undefined;
  }

  /** One turn. @returns what was done; 0 for nothing */
  step(): number {
    if (!this.isOpen) return 0;
    let done = 0;
    // Looking at the socket is a system call: while there is work, not at every turn.
    if (this.busyTurns === 0) done = this.session === undefined ? this.accept() : this.session.receive();
    done += this.turn();
    if (this.session?.failure !== undefined) this.disconnect(this.session.failure);
    this.busyTurns = done === 0 ? 0 : (this.busyTurns + 1) % TURNS_PER_LOOK;
    return done;
  }

  /**
   * Serves until the signal is aborted or the server closed: looks without pause while there is work, and sleeps while there is none.
   * It keeps the process alive.
   */
  async run(options: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    // What it sleeps by does not.
    const keptAlive = setInterval(nothing, KEPT_ALIVE_MS);
    try {
      await this.loop(options.signal);
    } finally {
      clearInterval(keptAlive);
    }
  }

  private async loop(signal: AbortSignalLike | undefined): Promise<void> {
    const { clock, idleSleepMs = 1, idleSpinMs = 2 } = this.options;
    let sleepAtNs = 0;
    for (let turns = 1; this.isOpen && signal?.aborted !== true; turns++) {
      if (this.step() > 0) {
        if (turns % TURNS_PER_LOOP === 0) await nextTurn();
        sleepAtNs = -1;
        continue;
      }
      const now = clock.nowNs();
      if (sleepAtNs < 0) sleepAtNs = now + idleSpinMs * 1e6;
      if (now < sleepAtNs) {
        if (turns % TURNS_PER_LOOP === 0) await nextTurn();
        continue;
      }
      const dueMs = this.served.config.isBusMaster ? Math.max(0, (this.device.nextDueNs - now) / 1e6) : Infinity;
      // Nobody can ring while nobody is there.
      const sleepMs = this.session === undefined ? Math.max(idleSleepMs, 20) : idleSleepMs;
      await waitReadable(this.session?.fd ?? this.listener.fd, Math.min(sleepMs, dueMs));
    }
  }

  /** Hangs up, resets the controller and removes the socket. Once is enough. */
  close(): void {
    if (!this.isOpen) return;
    // What `run` sleeps by: the event loop must not be left with a descriptor that is closed.
    endWaits(this.session?.fd ?? this.listener.fd);
    if (this.session !== undefined) this.disconnect('the server was closed');
    this.isOpen = false;
    this.listener.close();
    this.served.close();
  }

  private accept(): number {
    const connection = this.listener.accept();
    if (connection === undefined) return 0;
    const { log } = this;
    const { replyTimeoutMs = 1000, whileWaiting = nothing, dmaBytesMax = DMA_BYTES_MAX_DEFAULT } = this.options;
    const session = new Session({ connection, replyTimeoutMs, whileWaiting });
    const pages = new MessagePages(this.dma, session.memory, () => this.served.doorbells.part());
    const dma = new DmaTable({
      dma: this.dma,
      copies: pages,
      bytesMax: dmaBytesMax,
      mappingsMax: CAPABILITIES_OURS.maxDmaMaps,
      log,
    });
    this.served.lend();
    const { regions } = this.served;
    session.start({ regions, interrupts: this.interrupts, dma, log, reset: () => this.resetFunction(false) });
    this.session = session;
    this.pages = pages;
    this.table = dma;
    log.info(`vfio-user: a client has connected to ${this.path}`);
    return 1;
  }

  /** One turn of the controller, with the client's memory at hand, or the part of one that is about register writes. */
  private turn(isForWrites = false): number {
    if (this.isStepping) return 0;
    this.isStepping = true;
    let done = 1;
    try {
      done = this.stepDevice(isForWrites);
    } catch (error) {
      if (!(error instanceof LostMemoryError)) throw error;
      // There is no going on in the middle of a command. The host finds the controller disabled, and enables it again.
      if (this.session?.isAborting !== true) this.log.warn(`vfio-user: ${error.message}; the function is reset`);
      this.resetDue ??= 'function';
    } finally {
      this.isStepping = false;
    }
    this.session?.endTurn();
    this.interrupts.flush();
    if (this.resetDue !== undefined) this.resetFunction(this.resetDue === 'with-config');
    return done;
  }

  private stepDevice(isForWrites: boolean): number {
    const { pages, device } = this;
    const { doorbells, port } = this.served;
    let done = 0;
    // Before anything is asked for: a client that waits to read a register is told then what there is.
    if (device.takeWrites !== undefined && !port.isSettled) done += device.takeWrites();
    if (!isForWrites || device.takeWrites === undefined) {
      // [PCI] Who is no bus master reaches no memory and sends no messages, so there is nothing that a turn could do.
      if (!this.served.config.isBusMaster) return done;
      doorbells.take();
      if (pages?.isUsed === true && !pages.begin()) return done;
      done += device.step();
      doorbells.give();
    }
    if (pages?.isUsed === true) {
      pages.end();
      if (CC.EN.get(port.read(REG_CC)) === 0) this.releaseHeld(pages);
    }
    return done;
  }

  /** The controller is disabled: there are no rings that it looks at. */
  private releaseHeld(pages: MessagePages): void {
    pages.releaseHeld();
    this.served.doorbells.join();
  }

  /** Has the controller carry out register writes; inside a turn it is about to. */
  private settle(): void {
    if (!this.served.port.isSettled) this.turn(true);
  }

  /** @param isFlr - asked for in configuration space, which is then reset too; the client keeps it otherwise, as the kernel's VFIO does */
  private resetFunction(isFlr: boolean): void {
    if (this.isStepping) {
      if (isFlr) this.resetDue = 'with-config';
      else this.resetDue ??= 'function';
      return;
    }
    this.resetDue = undefined;
    this.carryOutWrites();
    if (this.device.resetFunction !== undefined) this.device.resetFunction();
    else {
      this.served.port.write(REG_CC, 0, 0, 4);
      this.carryOutWrites();
    }
    this.served.resetRegions(isFlr);
    this.interrupts.reset();
    this.table?.sweep();
  }

  /** Gets writes out of the way that came before a reset. The client may wait for the reset, so it is asked for nothing. */
  private carryOutWrites(): void {
    this.isStepping = true;
    for (let turns = 0; turns <= POSTED_WRITES_MAX && !this.served.port.isSettled; turns++) {
      this.session?.abortTurn();
      try {
        if (this.device.takeWrites !== undefined) this.device.takeWrites();
        else this.device.step();
      } catch (error) {
        if (!(error instanceof LostMemoryError)) throw error;
      }
    }
    this.session?.endTurn();
    this.pages?.abandon();
    this.served.doorbells.join();
    this.isStepping = false;
  }

  private disconnect(reason: string): void {
    this.log.info(`vfio-user: the client of ${this.path} has gone: ${reason}`);
    const { session, table } = this;
    this.session = undefined;
    session!.close();
    // Nothing is signalled to who has gone, and no memory of theirs is asked for: whatever the reset does happens to copies.
    this.interrupts.clear();
    this.resetFunction(true);
    table!.clear();
    this.pages = undefined;
    this.table = undefined;
    this.served.takeBack();
  }
}

function nothing(): void {
  // Nobody has to be helped along.
}
