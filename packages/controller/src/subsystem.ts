import type { AllocatedNamespace } from './allocated-namespace.js';
import { attachNamespace, detachNamespace } from './attachment.js';
import { BackgroundTasks } from './background-tasks.js';
import { FirmwareSlots } from './firmware/firmware-slots.js';
import type { Internals } from './internals.js';
import type { Medium } from './media/medium.js';
import { allocateNamespace, type NamespaceOptions } from './namespace-options.js';
import { noticeAllocatedChanged, noticeNamespaceChanged } from './notices.js';
import { STREAMS_MAX } from './limits.js';
import { losePower } from './power-loss.js';
import { PersistentEvents } from './persistent-events.js';
import { createSanitizer } from './sanitize/sanitize-subsystem.js';
import type { Sanitizer } from './sanitize/sanitizer.js';
import { StreamPool } from './streams.js';
import { settleSubsystem, type SubsystemOptions, type SubsystemSettings } from './subsystem-options.js';

/**
 * An NVM subsystem: what its controllers share. Namespaces are allocated here and attached to controllers one by one. A controller
 * joins with `new Controller({ subsystem, ... })`. All controllers of a subsystem, and the subsystem itself, belong to one thread.
 */
export class Subsystem {
  /** options, settled */
  readonly settings: SubsystemSettings;
  /** the controllers, in the order in which they joined @internal */
  readonly members: Internals[] = [];
  /** what goes on in the background @internal */
  readonly tasks: BackgroundTasks;
  /** firmware slots and what runs @internal */
  readonly firmware: FirmwareSlots;
  /** the Persistent Event log @internal */
  readonly persistentEvents: PersistentEvents;
  /** streams of all namespaces @internal */
  readonly streams: StreamPool;
  /** sanitize operations @internal */
  readonly sanitizer: Sanitizer;
  /** the controller that started the last sanitize operation, and hears of its end @internal */
  sanitizeStarter: Internals | undefined = undefined;
  /**
   * Bytes up to which writes to every namespace there may ever be survive a loss of power as a whole or not at all: AWUPF, which does not
   * change. 0 promises one block, and does so wherever the host may create namespaces. [NVM] 2.1.4 @internal
   */
  readonly atomicBytes: number;
  private created = 0;
  private readonly allocated = new Map<number, AllocatedNamespace>();

  /** @throws RangeError naming the option that is out of range */
  constructor(options: SubsystemOptions) {
    this.settings = settleSubsystem(options);
    this.tasks = new BackgroundTasks(options.clock);
    this.firmware = new FirmwareSlots(this.settings.firmwareSlots, this.settings.firmware);
    this.persistentEvents = new PersistentEvents(options.clock);
    this.streams = new StreamPool(STREAMS_MAX, () => this.namespaces);
    this.sanitizer = createSanitizer(this);
    const { namespaces, capacityBytes } = this.settings;
    const isFixed = namespaces.length > 0 && capacityBytes === 0;
    this.atomicBytes = isFixed ? Math.min(...namespaces.map(({ medium }) => medium.atomicBytes ?? 0)) : 0;
    for (const each of namespaces) this.allocate(each);
  }

  /** The allocated namespaces in order of their identifiers. */
  get namespaces(): readonly AllocatedNamespace[] {
    return [...this.allocated.values()].sort((a, b) => a.nsid - b.nsid);
  }

  /** Whether a controller has enabled its persistent memory region: nothing is sanitized then. @internal */
  get hasPersistentMemory(): boolean {
    return this.members.some((each) => each.registers.isPersistentMemoryEnabled);
  }

  /** Bytes of NVM in total: what the options say, or what is allocated if that is more. */
  get capacityBytes(): number {
    return Math.max(this.settings.capacityBytes, this.allocatedBytes);
  }

  /** Bytes that are not allocated to a namespace. */
  get unallocatedBytes(): number {
    return this.capacityBytes - this.allocatedBytes;
  }

  private get allocatedBytes(): number {
    let bytes = 0;
    for (const each of this.allocated.values()) bytes += each.provisionedBytes;
    return bytes;
  }

  /** The namespace of an identifier, or undefined when it is not an allocated one. */
  find(nsid: number): AllocatedNamespace | undefined {
    return this.allocated.get(nsid);
  }

  /** The smallest identifier that is free, or 0 when there is none. */
  get freeNsid(): number {
    for (let nsid = 1; nsid <= this.settings.largestNsid; nsid++) if (!this.allocated.has(nsid)) return nsid;
    return 0;
  }

  /** Makes the medium of a namespace that a host creates, or gives undefined when that cannot be done. @internal */
  createMedium(bytes: number): Medium | undefined {
    const { createMedium, log } = this.settings;
    try {
      return createMedium(bytes);
    } catch (error) {
      log.warn(`no medium of ${bytes} bytes: ${String(error)}`);
      return undefined;
    }
  }

  /** Counts a namespace that a host creates. @returns how many there were, this one included @internal */
  countCreated(): number {
    return ++this.created;
  }

  /** Allocates a namespace that no controller shows yet. @throws RangeError when an option is out of range or the NSID is taken */
  allocate(options: NamespaceOptions): AllocatedNamespace {
    const namespace = allocateNamespace(options, this.settings);
    const { atomicBytes = 0 } = options.medium;
    if (atomicBytes < this.atomicBytes) {
      throw new RangeError(
        `medium: expected one with an atomic unit of ${this.atomicBytes} bytes or more, as AWUPF says of all, got ${atomicBytes}`,
      );
    }
    if (namespace.nsid > this.settings.largestNsid || this.allocated.has(namespace.nsid)) {
      throw new RangeError(`nsid: expected a free one up to ${this.settings.largestNsid}, got ${namespace.nsid}`);
    }
    this.add(namespace);
    return namespace;
  }

  /** Takes in a namespace under an identifier that is free. @internal */
  add(namespace: AllocatedNamespace): void {
    this.allocated.set(namespace.nsid, namespace);
    this.tellChanged(namespace.nsid);
  }

  /** Detaches a namespace from every controller and forgets it. @param deleter - controller that hears nothing of it @internal */
  remove(namespace: AllocatedNamespace, deleter?: Internals): void {
    for (const member of this.members) {
      const isAttached = member.namespaces.get(namespace.nsid) !== undefined;
      if (isAttached) detachNamespace(member, namespace.nsid);
      if (member === deleter) continue;
      if (isAttached) noticeNamespaceChanged(member, namespace.nsid);
      noticeAllocatedChanged(member, namespace.nsid);
    }
    this.allocated.delete(namespace.nsid);
    for (const { savedFeatures } of this.members) savedFeatures.forget(namespace.nsid);
  }

  /** Attaches an allocated namespace to one more controller; its host hears of it. @throws RangeError when that is not possible */
  attach(nsid: number, cntlid: number): void {
    const namespace = this.mustFind(nsid);
    const member = this.mustFindController(cntlid);
    if (member.namespaces.get(nsid) !== undefined) throw new RangeError(`nsid: expected one not attached, got ${nsid}`);
    if (!namespace.shared && namespace.views.length > 0) {
      throw new RangeError(`nsid: expected a shared namespace, ${nsid} is private and attached`);
    }
    attachNamespace(member, namespace);
    noticeNamespaceChanged(member, nsid);
    this.tellChanged(nsid);
  }

  /** Detaches a namespace from a controller; it stays allocated. @throws RangeError when it is not attached there */
  detach(nsid: number, cntlid: number): void {
    const member = this.mustFindController(cntlid);
    if (member.namespaces.get(nsid) === undefined) throw new RangeError(`nsid: expected an attached one, got ${nsid}`);
    detachNamespace(member, nsid);
    noticeNamespaceChanged(member, nsid);
    this.tellChanged(nsid);
  }

  /** Each controller notes that an allocated namespace changed, and tells its host if that asked for it. @internal */
  tellChanged(nsid: number): void {
    for (const member of this.members) noticeAllocatedChanged(member, nsid);
  }

  /**
   * Takes the power from the subsystem and gives it back. Its controllers are as after power-on: not enabled, without queues, and no
   * command that was in flight completes; what hung works again, what has left the bus stays away. Saved features, logs and counters
   * stay, and SMART counts the power cycle, and an unsafe shutdown where the host had not shut down. Media with a volatile cache lose of
   * it what the seed says; a medium that other subsystems have too is told by each of them that loses power.
   *
   * @param seed - an integer; the same one does the same
   */
  losePower(seed: number): void {
    losePower(this, seed);
  }

  /** A controller joins. @throws RangeError when its identifier is taken @internal */
  join(member: Internals): void {
    const { cntlid } = member.settings;
    if (this.controller(cntlid) !== undefined) throw new RangeError(`cntlid: expected a free one, got ${cntlid}`);
    this.members.push(member);
  }

  /** A controller leaves, and so do the namespaces that no other one shows. @internal */
  leave(member: Internals): void {
    this.members.splice(this.members.indexOf(member), 1);
    for (const { nsid, allocated } of [...member.namespaces.active]) {
      detachNamespace(member, nsid);
      if (allocated.views.length === 0) this.remove(allocated);
    }
  }

  /** The controller of an identifier, or undefined. @internal */
  controller(cntlid: number): Internals | undefined {
    return this.members.find((each) => each.settings.cntlid === cntlid);
  }

  private mustFind(nsid: number): AllocatedNamespace {
    const namespace = this.allocated.get(nsid);
    if (namespace === undefined) throw new RangeError(`nsid: expected an allocated one, got ${nsid}`);
    return namespace;
  }

  private mustFindController(cntlid: number): Internals {
    const member = this.controller(cntlid);
    if (member === undefined) throw new RangeError(`cntlid: expected a controller of the subsystem, got ${cntlid}`);
    return member;
  }
}
