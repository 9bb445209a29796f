import { type Log, silentLog } from '@phasebit/core';
import { DmaSpace, PAGE_BYTES, wrapDmaArena } from '@phasebit/pcie';
import { openIommu } from './iommu/choose-iommu.js';
import type { AttachedDevice, AttachRequest, Iommu, IommuKind } from './iommu/iommu.js';
import { IovaAllocator } from './iommu/iova-allocator.js';
import { type Kernel, linuxKernel, type Mapping } from './kernel.js';
import { DMA_BYTES_DEFAULT, HUGE_PAGE_BYTES } from './limits.js';
import { type Places, PLACES } from './places.js';
import { errorText } from './refusal.js';
import { type RegisteredMemory, RegisteredPages } from './registered-memory.js';

/** How {@link VfioMemory} is made. */
export interface VfioMemoryOptions {
  /** bytes of the first arena, which is made when the first function is opened; rounded up to whole pages. Default 64 MiB */
  readonly bytes?: number | undefined;
  /** whether huge pages are tried before pages of 4 KiB; default true */
  readonly hugePages?: boolean | undefined;
  /** the kernel's interface; `auto`, the default, takes iommufd where it can be had */
  readonly iommu?: IommuKind | 'auto' | undefined;
  /** where it says what happens; default nowhere */
  readonly log?: Log | undefined;
  /** where the system's files are */
  readonly places?: Partial<Places> | undefined;
  /** the system calls, for tests */
  readonly kernel?: Kernel | undefined;
}

/** What is mapped for the devices. */
interface Mapped {
  readonly address: bigint;
  readonly bytes: number;
  readonly iova: number;
}

/**
 * Memory that devices reach, and the address space they reach it in: all functions that are opened with it see the same addresses. The IOMMU
 * lets them reach this and nothing else.
 *
 * What is mapped is locked in memory, and counts against the user's limit of locked memory, until this is closed.
 */
export class VfioMemory {
  /** the memory as the host sees it; arenas that {@link VfioMemory.grow} adds can be allocated from */
  readonly dma: DmaSpace = new DmaSpace();
  private readonly kernel: Kernel;
  private readonly places: Places;
  private readonly log: Log;
  private readonly allocator = new IovaAllocator();
  private readonly mapped: Mapped[] = [];
  private readonly mappings: Mapping[] = [];
  private readonly registered = new Set<RegisteredPages>();
  private iommu: Iommu | undefined;
  private pageBytes = PAGE_BYTES;
  private devices = 0;
  private isClosed = false;

  constructor(private readonly options: VfioMemoryOptions = {}) {
    this.kernel = options.kernel ?? linuxKernel;
    this.places = { ...PLACES, ...options.places };
    this.log = options.log ?? silentLog;
    const { bytes = DMA_BYTES_DEFAULT } = options;
    if (!(Number.isSafeInteger(bytes) && bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${bytes}`);
  }

  /** Which of the kernel's interfaces is used; undefined before the first function is open. */
  get iommuKind(): IommuKind | undefined {
    return this.iommu?.kind;
  }

  /** Gives a device access to this memory. The first one brings the first arena with it. @internal */
  attach(request: AttachRequest): AttachedDevice {
    if (this.isClosed) throw new Error('the memory was closed');
    const isFirst = this.iommu === undefined;
    this.iommu ??= openIommu(this.options.iommu ?? 'auto', this.kernel, this.places, request);
    try {
      const attached = this.iommu.attach(request);
      try {
        this.admit(this.iommu);
      } catch (error) {
        attached.close();
        throw error;
      }
      this.devices++;
      return attached;
    } catch (error) {
      if (isFirst) this.closeIommu();
      throw error;
    }
  }

  private admit(iommu: Iommu): void {
    const facts = iommu.facts();
    this.pageBytes = facts.pageBytes;
    this.allocator.allow(facts.ranges);
    if (this.mappings.length === 0) this.growIn(iommu, this.options.bytes ?? DMA_BYTES_DEFAULT);
    // An address space without devices has lost what was mapped: see detach.
    else if (this.devices === 0) this.mapAgain(iommu);
  }

  private mapAgain(iommu: Iommu): void {
    const done: Mapped[] = [];
    try {
      for (const each of this.mapped) {
        iommu.map(each.address, each.bytes, each.iova);
        done.push(each);
      }
    } catch (error) {
      for (const each of done) iommu.unmap(each.iova, each.bytes);
      throw error;
    }
  }

  /** Takes a device's access away that {@link VfioMemory.attach} gave. It makes no accesses any more. @internal */
  detach(attached: AttachedDevice): void {
    this.devices--;
    const obsolete = this.devices === 0 ? this.mapped : [];
    for (const each of obsolete) {
      try {
        this.iommu?.unmap(each.iova, each.bytes);
      } catch (error) {
        // Closing the last descriptor takes away what is left.
        this.log.warn(`${each.bytes} bytes are not unmapped: ${errorText(error)}`);
      }
    }
    attached.close();
  }

  /**
   * Adds fresh memory.
   *
   * @param bytes - 1 or more, rounded up to whole pages
   * @returns its first host address; its pages can be allocated
   * @throws VfioRefusal `memory-limit`, `bus-address`; RangeError when the space has no room; Error before the first function is open
   */
  grow(bytes: number): number {
    if (!(Number.isSafeInteger(bytes) && bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${bytes}`);
    return this.growIn(this.attachedIommu(), bytes);
  }

  private growIn(iommu: Iommu, bytes: number): number {
    const mapping = this.mapFresh(bytes);
    try {
      const iova = this.mapForDevices(iommu, mapping.address, mapping.bytes);
      const address = this.dma.attach(wrapDmaArena(mapping.buffer, iova));
      this.mappings.push(mapping);
      return address;
    } catch (error) {
      mapping.detach(0, mapping.bytes);
      throw error;
    }
  }

  /** Huge pages where there are some: the IOMMU then needs one entry for each 2 MiB. */
  private mapFresh(bytes: number): Mapping {
    const { hugePages = true } = this.options;
    const hugeBytes = roundUp(bytes, HUGE_PAGE_BYTES);
    if (hugePages) {
      try {
        return this.kernel.map({ bytes: hugeBytes, hugePages: true });
      } catch (error) {
        this.log.info(
          `no huge pages for ${hugeBytes} bytes of DMA memory, pages of 4 KiB are used (${errorText(error)})`,
        );
      }
    }
    return this.kernel.map({ bytes: roundUp(bytes, this.pageBytes) });
  }

  private mapForDevices(iommu: Iommu, address: bigint, bytes: number): number {
    const iova = this.allocator.take(bytes, bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : this.pageBytes);
    try {
      iommu.map(address, bytes, iova);
    } catch (error) {
      this.allocator.give(iova);
      throw error;
    }
    this.mapped.push({ address, bytes, iova });
    return iova;
  }

  private unmapForDevices(iova: number): void {
    const at = this.mapped.findIndex((each) => each.iova === iova);
    if (at < 0) return;
    const [{ bytes }] = this.mapped.splice(at, 1);
    if (this.devices > 0) this.iommu?.unmap(iova, bytes);
    this.allocator.give(iova);
  }

  /**
   * Lets devices reach memory that is there already: the whole pages within a buffer, as a reserved arena, without copying. The buffer is
   * kept alive and cannot be transferred any more; it must not be resizable.
   *
   * @throws RangeError when there is no whole page in it; VfioRefusal `memory-limit`, `bus-address`
   */
  register(memory: ArrayBuffer | ArrayBufferView): RegisteredMemory {
    const iommu = this.attachedIommu();
    const pages = new RegisteredPages(memory, this.kernel, this.pageBytes);
    const iova = this.mapForDevices(iommu, pages.processAddress, pages.bytes);
    try {
      pages.attach(this.dma, iova);
    } catch (error) {
      this.unmapForDevices(iova);
      throw error;
    }
    this.registered.add(pages);
    return pages;
  }

  /**
   * Takes back what {@link VfioMemory.register} gave. No command may be in flight that names it: the IOMMU would stop the device in the
   * middle of it.
   */
  unregister(memory: RegisteredMemory): void {
    if (!(memory instanceof RegisteredPages) || !this.registered.delete(memory)) {
      throw new RangeError('memory: expected what register gave, once');
    }
    this.unmapForDevices(memory.iova);
    memory.detach(this.dma);
  }

  /**
   * Sets bus addresses aside that memory is not mapped at: for a controller's own memory, which CMBMSC or PMRMSC places there.
   *
   * @param bytes - 1 or more
   * @returns the first address, a multiple of 4096
   */
  reserveBusAddresses(bytes: number): number {
    return this.allocator.take(roundUp(bytes, PAGE_BYTES), PAGE_BYTES);
  }

  /**
   * Gives everything back. The functions opened with it are closed. Views of the memory stay harmless: they show zeros, and what is written to
   * them goes nowhere.
   */
  close(): void {
    if (this.isClosed) return;
    if (this.devices > 0) throw new Error('expected all functions of this memory to be closed first');
    this.isClosed = true;
    this.registered.clear();
    this.closeIommu();
    for (const each of this.mappings) each.detach(0, each.bytes);
  }

  private closeIommu(): void {
    this.iommu?.close();
    this.iommu = undefined;
  }

  private attachedIommu(): Iommu {
    if (this.iommu === undefined || this.devices === 0)
      throw new Error('expected a function to be open with this memory');
    return this.iommu;
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
