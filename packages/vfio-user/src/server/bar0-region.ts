import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import type { LinkPort } from '@phasebit/pcie';
import { REGION_FLAG_MMAP, REGION_FLAG_READ, REGION_FLAG_WRITE } from '../protocol/commands.js';
import { viewOf } from '../protocol/header.js';
import type { RegionInfo } from '../protocol/payloads.js';
import { type Bar0Layout, MSIX_ENTRY_BYTES } from './bar0-layout.js';
import type { DoorbellMemory } from './doorbell-memory.js';
import type { Region } from './region.js';

const ENTRY_CONTROL = 12;
const ENTRY_MASKED = 1;

/** What BAR 0 is made of. */
export interface Bar0Options {
  readonly port: LinkPort;
  readonly doorbells: DoorbellMemory;
  readonly layout: Bar0Layout;
  readonly vectors: number;
  /** whether the doorbells can be mapped */
  readonly mapDoorbells: boolean;
  /** has the device carry out the writes so far */
  readonly settle: () => void;
}

/**
 * BAR 0: the controller's registers, trapped; doorbells, trapped as far as they are not mapped; the MSI-X table and pending bits.
 *
 * Registers are accessed by 32 or 64 bits, aligned; a write of another width does nothing, a read of another width reads those bytes.
 * [PCIe transport] 3.1. The MSI-X table is memory and no more: which message is sent where is what clients say by SET_IRQS, as they do
 * to the kernel's VFIO, and the table that a guest sees is the client's.
 */
export class Bar0Region implements Region {
  /** @inheritDoc */
  readonly info: RegionInfo;
  private readonly table: Uint8Array;

  constructor(private readonly options: Bar0Options) {
    const { layout, mapDoorbells, vectors } = options;
    const flags = REGION_FLAG_READ | REGION_FLAG_WRITE;
    const areas = [{ offset: DOORBELL_BASE, size: layout.doorbellBytes }];
    this.info = mapDoorbells
      ? { flags: flags | REGION_FLAG_MMAP, size: layout.bytes, offset: 0, areas }
      : { flags, size: layout.bytes, offset: 0, areas: [] };
    this.table = new Uint8Array(vectors * MSIX_ENTRY_BYTES);
    this.reset();
  }

  /** @inheritDoc */
  get fd(): number | undefined {
    return this.options.mapDoorbells ? this.options.doorbells.fd : undefined;
  }

  /** As after power-on: every entry of the MSI-X table is masked. */
  reset(): void {
    this.table.fill(0);
    for (let at = ENTRY_CONTROL; at < this.table.length; at += MSIX_ENTRY_BYTES) this.table[at] = ENTRY_MASKED;
  }

  /** @inheritDoc */
  read(offset: number, into: Uint8Array): void {
    if (offset < DOORBELL_BASE && !this.options.port.isSettled) this.options.settle();
    for (let at = offset & ~3; at < offset + into.length; at += 4) {
      const word = this.options.port.isGone ? 0xffff_ffff : this.word(at);
      for (let byte = 0; byte < 4; byte++) {
        const to = at + byte - offset;
        if (to >= 0 && to < into.length) into[to] = word >>> (8 * byte);
      }
    }
  }

  /** @inheritDoc */
  write(offset: number, from: Uint8Array): void {
    if (this.options.port.isGone || offset % 4 !== 0 || from.length % 4 !== 0) return;
    const view = viewOf(from);
    if (offset < DOORBELL_BASE && from.length === 8 && offset % 8 === 0) {
      this.post(offset, view.getUint32(0, true), view.getUint32(4, true), 8);
      return;
    }
    for (let at = 0; at < from.length; at += 4) this.writeWord(offset + at, view.getUint32(at, true));
  }

  private writeWord(offset: number, value: number): void {
    const { doorbells, layout } = this.options;
    if (offset < DOORBELL_BASE) this.post(offset, value, 0, 4);
    else if (offset < layout.tableOffset) doorbells.ring((offset - DOORBELL_BASE) >>> 2, value);
    else if (offset - layout.tableOffset < this.table.length) {
      viewOf(this.table).setUint32(offset - layout.tableOffset, value, true);
    }
  }

  private post(offset: number, low: number, high: number, bytes: number): void {
    const { port, settle } = this.options;
    if (port.write(offset, low, high, bytes)) return;
    settle();
    port.write(offset, low, high, bytes);
  }

  private word(offset: number): number {
    const { port, doorbells, layout, vectors } = this.options;
    if (offset < DOORBELL_BASE) return port.read(offset);
    if (offset < layout.tableOffset) return doorbells.read((offset - DOORBELL_BASE) >>> 2);
    if (offset < layout.pendingOffset) {
      const at = offset - layout.tableOffset;
      return at < this.table.length ? viewOf(this.table).getUint32(at, true) : 0;
    }
    let bits = 0;
    const first = (offset - layout.pendingOffset) * 8;
    for (let i = 0; i < 32 && first + i < vectors; i++) if (port.isPending(first + i)) bits |= 1 << i;
    return bits;
  }
}
