import { low32 } from '@phasebit/core';
import { CC, CSTS, REG_ACQ, REG_ASQ, REG_CAP, REG_CC, REG_CSTS } from '@phasebit/nvme-spec';
import type { DeviceDma, LinkDevice } from '@phasebit/pcie';
import type { VfioUserDevice } from '../src/index.js';

/** Not an NVMe controller, but with registers and an appetite for memory like one: for tests of what is around it. */
export class FakeDevice implements VfioUserDevice {
  nextDueNs = Infinity;
  /** register writes as they came: offset, low, high, bytes */
  readonly writes: number[][] = [];
  readonly registers = new Uint32Array(1024);
  resets = 0;
  steps = 0;
  /** what a step does */
  onStep: () => number = () => 0;
  /** word views that a ring would have: the submission page and the completion page */
  rings: Int32Array[] = [];
  resetFunction?: () => void = () => this.reset();
  takeWrites?: () => number = () => this.drain();

  constructor(
    readonly link: LinkDevice,
    readonly dma: DeviceDma,
  ) {
    this.show(REG_CAP, 0x0400_00ff);
    this.show(REG_CAP + 4, link.dstrd);
  }

  step(): number {
    this.steps++;
    return this.drain() + this.onStep();
  }

  /** Bytes at an address, or undefined where nothing is mapped. */
  read(address: number, bytes: number): number[] | undefined {
    const page = this.dma.pageAt(low32(address), Math.floor(address / 2 ** 32));
    return page < 0 ? undefined : [...this.dma.bytesOf(page).subarray(address & 0xfff, (address & 0xfff) + bytes)];
  }

  /** Stores bytes at an address. */
  write(address: number, bytes: readonly number[]): void {
    const page = this.dma.pageAt(low32(address), Math.floor(address / 2 ** 32));
    this.dma.bytesOf(page).set(bytes, address & 0xfff);
  }

  private drain(): number {
    return this.link.drain({
      writeRegister: (offset, low, high, bytes) => {
        this.writes.push([offset, low, high, bytes]);
        this.show(offset, low);
        if (bytes === 8) this.show(offset + 4, high);
        if (offset === REG_CC) this.configure(low);
      },
    });
  }

  private configure(cc: number): void {
    const isEnabled = CC.EN.get(cc) === 1;
    this.rings = isEnabled ? [this.ring(REG_ASQ), this.ring(REG_ACQ)].flat() : [];
    this.show(REG_CSTS, CSTS.RDY.set(0, isEnabled ? 1 : 0));
  }

  private ring(offset: number): Int32Array[] {
    const page = this.dma.pageAt(this.registers[offset >> 2], this.registers[(offset >> 2) + 1]);
    return page < 0 ? [] : [this.dma.keptWordsOf(page)];
  }

  private reset(): void {
    this.resets++;
    this.rings = [];
    for (const offset of [REG_CC, REG_CSTS]) this.show(offset, 0);
  }

  private show(offset: number, value: number): void {
    this.registers[offset >> 2] = value;
    this.link.show(offset, value);
  }
}
