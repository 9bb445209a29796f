import {
  IRQ_MSIX,
  REGION_CONFIG,
  VFIO_CHECK_EXTENSION,
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_BIND_IOMMUFD,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_IRQ_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_RESET,
  VFIO_DEVICE_SET_IRQS,
  VFIO_GET_API_VERSION,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_UNMAP_DMA,
  VFIO_SET_IOMMU,
} from '../src/abi/vfio-requests.js';
import {
  IOMMU_DESTROY,
  IOMMU_IOAS_ALLOC,
  IOMMU_IOAS_IOVA_RANGES,
  IOMMU_IOAS_MAP,
  IOMMU_IOAS_UNMAP,
} from '../src/abi/iommufd-requests.js';
import type { Kernel, Mapping, MappingRequest } from '../src/kernel.js';

/** A failed system call. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code} (as the test wants it)`), { code });
}

const PAGE = 4096;
/** The one address space of iommufd. */
const IOAS = 77;
/** What a device answers with its own descriptor, and not before that is bound where it is a character device's. */
const DEVICE_REQUESTS = new Set([
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_GET_IRQ_INFO,
  VFIO_DEVICE_SET_IRQS,
  VFIO_DEVICE_RESET,
]);
/** BAR 0: registers, doorbells, then a page with the MSI-X table. */
export const BAR0_BYTES = 4 * PAGE;
/** Where each region begins in a device's descriptor. */
const position = (index: number): number => index * 2 ** 40;

/** One eventfd. */
interface Event {
  count: number;
  waiters: ((isReadable: boolean) => void)[];
}

/** A kernel with VFIO and one NVMe controller, in memory. Only what a test changes about it is out of the ordinary. */
export class FakeKernel implements Kernel {
  /** what was done, in order, as far as order matters */
  readonly done: string[] = [];
  /** files that cannot be opened, and why */
  readonly closedFiles = new Map<string, string>();
  /** requests that fail once each, by name, and why */
  readonly failing = new Map<string, string>();
  readonly config: Uint8Array = new Uint8Array(PAGE);
  readonly bar0: ArrayBuffer = new ArrayBuffer(BAR0_BYTES);
  /** another BAR, for memory of the controller's own */
  bar2: ArrayBuffer = new ArrayBuffer(0);
  /** parts of BAR 0 that may be mapped; undefined for all of it */
  sparse: readonly (readonly [offset: number, bytes: number])[] | undefined;
  ranges: readonly (readonly [start: number, last: number])[] = [[0x10_0000, 2 ** 39 - 1]];
  isViable = true;
  hugePages = false;
  canReset = true;
  /** interrupts that the machine has left */
  interruptsLeft = 2048;
  irqCounts = [1, 1, 65, 1, 1];
  /** what is mapped for the device: bytes by bus address */
  readonly mapped = new Map<number, number>();
  /** eventfds by kind of interrupt */
  readonly irqs = new Map<number, number[]>();
  readonly open_ = new Map<number, string>();
  /** descriptors of character devices, by that of the iommufd they are bound to; and of those the ones that see its address space */
  readonly bound = new Map<number, number>();
  readonly attached = new Set<number>();
  readonly events = new Map<number, Event>();
  /** parts that were replaced by memory of the process's own */
  readonly detached: string[] = [];
  private looks: (() => void)[] = [];
  private nextFd = 10;
  private nextAddress = 0x7f00_0000_0000n;
  private readonly addresses = new Map<ArrayBuffer, bigint>();

  constructor() {
    // Vendor, capabilities at 0x40: MSI-X with 65 vectors in BAR 0.
    this.config.set([0x36, 0x1b, 0x10, 0x00, 0x00, 0x04, 0x10, 0x00]);
    this.config[0x34] = 0x40;
    this.config.set([0x11, 0x00, 0x40, 0x00, 0x00, 0x30], 0x40);
    new Uint32Array(this.bar0).set([0x0f01_07ff, 0x0040_1820, 0x0001_0400]);
  }

  open(path: string): number {
    const code = this.closedFiles.get(path.replace(/^.*\/dev\//, '/dev/'));
    if (code !== undefined) throw systemError(code);
    return this.descriptor(path.replace(/^.*\/dev\//, '/dev/'));
  }

  private descriptor(name: string): number {
    this.open_.set(this.nextFd, name);
    return this.nextFd++;
  }

  close(fd: number): void {
    const name = this.open_.get(fd);
    if (name === undefined) throw systemError('EBADF');
    for (const each of [this.open_, this.events, this.bound, this.attached]) each.delete(fd);
    if (name !== 'event') this.done.push(`close ${name}`);
    // A container without groups has lost its IOMMU.
    const isGroup = (each: string): boolean => /^\/dev\/vfio\/\d+$/.test(each);
    if (isGroup(name) && ![...this.open_.values()].some(isGroup)) this.mapped.clear();
    // An address space of iommufd stays as it is without devices, and ends with its descriptor.
    if (name === '/dev/iommu' && ![...this.open_.values()].includes(name)) this.mapped.clear();
  }

  ioctl(fd: number, request: number, argument: Uint8Array | number, subject: string): number {
    if (!this.open_.has(fd)) throw systemError('EBADF');
    const code = this.failing.get(subject);
    if (code !== undefined) {
      this.failing.delete(subject);
      throw systemError(code);
    }
    if (this.isUnbound(fd) && DEVICE_REQUESTS.has(request)) throw systemError('EINVAL');
    if (typeof argument === 'number') return this.ioctlValue(request, argument);
    const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
    if (request === VFIO_DEVICE_BIND_IOMMUFD) return this.bind(fd, view.getInt32(8, true));
    if (request === IOMMU_DESTROY) return this.destroy(fd);
    if (request === VFIO_DEVICE_ATTACH_IOMMUFD_PT) return this.attach(fd, view.getUint32(8, true));
    return this.ioctlMemory(request, argument, view);
  }

  private isUnbound(fd: number): boolean {
    return this.open_.get(fd)?.startsWith('/dev/vfio/devices/') === true && !this.bound.has(fd);
  }

  /** Opening is for everybody, any number of times; binding is for one. */
  private bind(fd: number, iommufd: number): number {
    if (this.open_.get(iommufd) !== '/dev/iommu') throw systemError('EBADFD');
    const name = this.open_.get(fd);
    if ([...this.bound.keys()].some((each) => this.open_.get(each) === name)) throw systemError('EINVAL');
    this.bound.set(fd, iommufd);
    return 0;
  }

  private destroy(iommufd: number): number {
    if ([...this.attached].some((each) => this.bound.get(each) === iommufd)) throw systemError('EBUSY');
    return 0;
  }

  private attach(fd: number, ioas: number): number {
    if (ioas !== IOAS) throw systemError('ENOENT');
    this.attached.add(fd);
    return 0;
  }

  private ioctlValue(request: number, value: number): number {
    if (request === VFIO_CHECK_EXTENSION) return value === 3 ? 1 : 0;
    if (request === VFIO_DEVICE_RESET) this.done.push('reset');
    if (request === VFIO_SET_IOMMU) this.done.push(`iommu ${value}`);
    return request === VFIO_GET_API_VERSION ? 0 : 0;
  }

  private ioctlMemory(request: number, bytes: Uint8Array, view: DataView): number {
    switch (request) {
      case VFIO_GROUP_GET_STATUS:
        view.setUint32(4, this.isViable ? 1 : 0, true);
        return 0;
      case VFIO_GROUP_SET_CONTAINER:
        return 0;
      case VFIO_GROUP_GET_DEVICE_FD:
        return this.descriptor(`device ${new TextDecoder().decode(bytes).replace('\0', '')}`);
      case VFIO_DEVICE_GET_INFO:
        bytes.set(new Uint8Array(new Uint32Array([20, this.canReset ? 3 : 2, 9, 5, 0]).buffer));
        return 0;
      case VFIO_DEVICE_GET_REGION_INFO:
        return this.regionInfo(view);
      case VFIO_DEVICE_GET_IRQ_INFO:
        view.setUint32(4, 9, true);
        view.setUint32(12, this.irqCounts[view.getUint32(8, true)], true);
        return 0;
      case VFIO_DEVICE_SET_IRQS:
        return this.setIrqs(view);
      default:
        return this.ioctlIommu(request, view);
    }
  }

  private ioctlIommu(request: number, view: DataView): number {
    const number = (offset: number): number => Number(view.getBigUint64(offset, true));
    switch (request) {
      case VFIO_IOMMU_GET_INFO:
        return this.type1Info(view);
      case VFIO_IOMMU_MAP_DMA:
        return this.map_(number(16), number(24));
      case VFIO_IOMMU_UNMAP_DMA:
        return this.unmap_(number(8), number(16));
      case IOMMU_IOAS_ALLOC:
        view.setUint32(8, IOAS, true);
        return 0;
      case IOMMU_IOAS_IOVA_RANGES:
        return this.ioasRanges(view);
      case IOMMU_IOAS_MAP:
        return this.map_(number(32), number(24));
      case IOMMU_IOAS_UNMAP:
        return this.unmap_(number(8), number(16));
      default:
        throw systemError('ENOTTY');
    }
  }

  private map_(iova: number, bytes: number): number {
    if (!this.ranges.some(([start, last]) => iova >= start && iova + bytes - 1 <= last)) throw systemError('EINVAL');
    if (this.mapped.has(iova)) throw systemError('EEXIST');
    this.mapped.set(iova, bytes);
    return 0;
  }

  private unmap_(iova: number, bytes: number): number {
    if (this.mapped.get(iova) !== bytes) throw systemError('ENOENT');
    this.mapped.delete(iova);
    this.done.push('unmap');
    return 0;
  }

  private type1Info(view: DataView): number {
    const bytes = 24 + 16 + 16 * this.ranges.length;
    const room = view.getUint32(0, true);
    view.setUint32(0, bytes, true);
    view.setUint32(4, 3, true);
    view.setUint32(8, 0xffff_f000, true);
    if (room < bytes) return 0;
    view.setUint32(16, 24, true);
    view.setUint32(24, 1 | (1 << 16), true);
    view.setUint32(32, this.ranges.length, true);
    this.ranges.forEach(([start, last], i) => {
      view.setBigUint64(40 + 16 * i, BigInt(start), true);
      view.setBigUint64(48 + 16 * i, BigInt(last), true);
    });
    return 0;
  }

  /** Before a device is attached, everything is allowed. */
  private ioasRanges(view: DataView): number {
    const ranges = this.attached.size > 0 ? this.ranges : [[0, 2 ** 52] as const];
    const room = view.getUint32(8, true);
    const at = view.getBigUint64(16, true);
    const [target] = [...this.addresses].find(([, address]) => address === at) ?? [];
    if (target === undefined) throw systemError('EFAULT');
    const words = new BigUint64Array(target);
    // As many as there is room for are told in any case.
    ranges.slice(0, room).forEach(([start, last], i) => words.set([BigInt(start), BigInt(last)], 2 * i));
    view.setUint32(8, ranges.length, true);
    view.setBigUint64(24, this.attached.size > 0 ? 4096n : 1n, true);
    if (room < ranges.length) throw systemError('EMSGSIZE');
    return 0;
  }

  private regionInfo(view: DataView): number {
    const index = view.getUint32(8, true);
    const bytes = { 0: BAR0_BYTES, 2: this.bar2.byteLength, [REGION_CONFIG]: PAGE }[index] ?? 0;
    const areas = index === 0 ? this.sparse : undefined;
    const wanted = areas === undefined ? 32 : 48 + 16 * areas.length;
    const room = view.getUint32(0, true);
    view.setUint32(0, wanted, true);
    view.setUint32(4, 3 | (index === REGION_CONFIG ? 0 : 4) | (areas === undefined ? 0 : 8), true);
    view.setBigUint64(16, BigInt(bytes), true);
    view.setBigUint64(24, BigInt(position(index)), true);
    if (areas === undefined || room < wanted) return 0;
    view.setUint32(12, 32, true);
    view.setUint32(32, 1 | (1 << 16), true);
    view.setUint32(40, areas.length, true);
    areas.forEach(([offset, size], i) => {
      view.setBigUint64(48 + 16 * i, BigInt(offset), true);
      view.setBigUint64(56 + 16 * i, BigInt(size), true);
    });
    return 0;
  }

  private setIrqs(view: DataView): number {
    const [index, count] = [view.getUint32(8, true), view.getUint32(16, true)];
    if (index === IRQ_MSIX && count > this.interruptsLeft) return this.interruptsLeft;
    if (count === 0) this.irqs.delete(index);
    else
      this.irqs.set(
        index,
        Array.from({ length: count }, (_, i) => view.getInt32(20 + 4 * i, true)),
      );
    this.done.push(`irqs ${index} ${count}`);
    return 0;
  }

  private regionAt(at: number): { bytes: Uint8Array; offset: number } {
    const index = Math.floor(at / 2 ** 40);
    const buffers: Record<number, Uint8Array> = {
      0: new Uint8Array(this.bar0),
      2: new Uint8Array(this.bar2),
      [REGION_CONFIG]: this.config,
    };
    return { bytes: buffers[index], offset: at - position(index) };
  }

  read(_fd: number, into: Uint8Array, at: number): number {
    const { bytes, offset } = this.regionAt(at);
    into.set(bytes.subarray(offset, offset + into.length));
    return into.length;
  }

  write(_fd: number, from: Uint8Array, at: number): void {
    const { bytes, offset } = this.regionAt(at);
    bytes.set(from, offset);
    if (bytes === this.config) this.done.push(`command ${this.command}`);
    else this.done.push(`pwrite ${offset}`);
  }

  /** Memory and bus master of the command register. */
  get command(): string {
    return `${(this.config[4] & 2) === 0 ? '-' : 'memory'} ${(this.config[4] & 4) === 0 ? '-' : 'master'}`;
  }

  map(request: MappingRequest): Mapping {
    if (request.hugePages === true && !this.hugePages) throw systemError('ENOMEM');
    const address = this.nextAddress;
    this.nextAddress += 0x1_0000_0000n;
    const at = request.fd === undefined ? undefined : this.regionAt(request.offset ?? 0);
    // A part of a BAR at its start is the BAR itself, so that a test sees what is stored there; others are copies.
    const buffer = at === undefined ? new ArrayBuffer(request.bytes) : this.part(at.bytes, at.offset, request.bytes);
    this.addresses.set(buffer, address);
    const name = at === undefined ? 'memory' : `bar ${at.offset}`;
    return {
      address,
      bytes: request.bytes,
      buffer,
      detach: (offset, bytes) => void this.detached.push(`${name} ${offset} ${bytes}`),
    };
  }

  private part(bytes: Uint8Array, offset: number, length: number): ArrayBuffer {
    if (offset === 0 && length === bytes.length) return bytes.buffer as ArrayBuffer;
    return bytes.slice(offset, offset + length).buffer;
  }

  addressOf(memory: ArrayBuffer | ArrayBufferView): bigint {
    const buffer = (ArrayBuffer.isView(memory) ? memory.buffer : memory) as ArrayBuffer;
    const offset = ArrayBuffer.isView(memory) ? memory.byteOffset : 0;
    // As malloc does it: 16 bytes into a page.
    if (!this.addresses.has(buffer)) this.addresses.set(buffer, (this.nextAddress += 0x1_0000_0000n) + 16n);
    return this.addresses.get(buffer)! + BigInt(offset);
  }

  view(_address: bigint, bytes: number): ArrayBuffer {
    return new ArrayBuffer(bytes);
  }

  createEvent(): number {
    const fd = this.descriptor('event');
    this.events.set(fd, { count: 0, waiters: [] });
    return fd;
  }

  takeEvents(fd: number): number {
    const event = this.event(fd);
    const { count } = event;
    event.count = 0;
    return count;
  }

  /** What a device or the kernel does. */
  signal(fd: number): void {
    const event = this.event(fd);
    event.count++;
    for (const each of event.waiters.splice(0)) each(true);
  }

  endWaits(fd: number): void {
    for (const each of this.event(fd).waiters.splice(0)) each(false);
  }

  keepAlive(): () => void {
    return () => undefined;
  }

  private event(fd: number): Event {
    const event = this.events.get(fd);
    if (event === undefined) throw systemError('EBADF');
    return event;
  }

  async waitReadable(fd: number, timeoutMs: number): Promise<boolean> {
    const event = this.event(fd);
    if (event.count > 0) return true;
    this.onWait(timeoutMs);
    if (event.count > 0) return true;
    if (timeoutMs <= 0) return false;
    return new Promise<boolean>((resolve) => {
      event.waiters.push(resolve);
      this.timers.push(() => resolve(false));
    });
  }

  /** Ends the waits that have a time limit, as that time would. */
  readonly timers: (() => void)[] = [];

  /** Called when somebody begins to wait. */
  onWait: (timeoutMs: number) => void = () => undefined;

  async sleep(): Promise<void> {
    for (const each of this.timers.splice(0)) each();
  }

  every(_intervalMs: number, look: () => void): () => void {
    this.looks.push(look);
    return () => (this.looks = this.looks.filter((each) => each !== look));
  }

  /** Lets the intervals pass `times` times. */
  tick(times = 1): void {
    for (let i = 0; i < times; i++) for (const each of this.looks) each();
  }

  /** Whether somebody still looks again and again. */
  get isWatched(): boolean {
    return this.looks.length > 0;
  }
}
