import type { U64 } from '@phasebit/core';
import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import type { MmioCounters, RegisterWindow } from '@phasebit/pcie';
import { COMMAND_REGION_READ, COMMAND_REGION_WRITE, REGION_BAR0 } from '../protocol/commands.js';
import { NOTHING, viewOf } from '../protocol/header.js';
import { encodeRegionAccess, REGION_ACCESS_BYTES, words } from '../protocol/payloads.js';
import { LostServerError, RefusedError, type ServerLink } from './server-link.js';

const ALL_ONES = 0xffff_ffff;

/** Registers by messages: reads are answered, writes are posted. What a server does not answer reads as all ones. */
export class MessageRegisters implements RegisterWindow {
  constructor(
    private readonly link: ServerLink,
    private readonly counters: MmioCounters,
  ) {}

  /** @inheritDoc */
  async read32(offset: number): Promise<number> {
    checkOffset(offset, 4);
    const data = await this.read(offset, 4);
    return data === undefined ? ALL_ONES : viewOf(data).getUint32(0, true);
  }

  /** @inheritDoc */
  async read64(offset: number): Promise<U64> {
    checkOffset(offset, 8);
    const data = await this.read(offset, 8);
    if (data === undefined) return { low: ALL_ONES, high: ALL_ONES };
    const view = viewOf(data);
    return { low: view.getUint32(0, true), high: view.getUint32(4, true) };
  }

  /** @inheritDoc */
  write32(offset: number, value: number): void {
    checkOffset(offset, 4);
    this.post(offset, words(value));
  }

  /** @inheritDoc */
  write64(offset: number, low: number, high: number): void {
    checkOffset(offset, 8);
    this.post(offset, words(low, high));
  }

  private post(offset: number, data: Uint8Array): void {
    this.counters.registerWrites++;
    this.link.post(COMMAND_REGION_WRITE, encodeRegionAccess({ offset, region: REGION_BAR0, count: data.length }, data));
  }

  private async read(offset: number, count: number): Promise<Uint8Array | undefined> {
    this.counters.registerReads++;
    try {
      const access = encodeRegionAccess({ offset, region: REGION_BAR0, count }, NOTHING);
      const { payload } = await this.link.call(COMMAND_REGION_READ, access);
      return payload.length < REGION_ACCESS_BYTES + count ? undefined : payload.subarray(REGION_ACCESS_BYTES);
    } catch (error) {
      if (error instanceof LostServerError || error instanceof RefusedError) return undefined;
      throw error;
    }
  }
}

function checkOffset(offset: number, bytes: number): void {
  if (!(offset >= 0 && offset % bytes === 0 && offset + bytes <= DOORBELL_BASE)) {
    throw new RangeError(`offset: expected a multiple of ${bytes} below ${DOORBELL_BASE}, got ${offset}`);
  }
}
