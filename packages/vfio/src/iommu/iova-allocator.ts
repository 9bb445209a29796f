import { IOVA_BASE_DEFAULT } from '@phasebit/pcie';
import type { IovaRange } from '../abi/iommu-structs.js';
import { IOVA_END, IOVA_MIN } from '../limits.js';
import { VfioRefusal } from '../refusal.js';

/**
 * Which bus addresses are taken, and which are allowed. First fit, from 4 GiB on where the IOMMU reaches that far: below lie the holes of a
 * PC's address map, the window of interrupt messages among them.
 *
 * Where the kernel does not say what is allowed, nothing below 4 GiB is, and nothing above 39 bits, the least that VT-d translates.
 */
export class IovaAllocator {
  /** Sorted by start; they neither touch a hole nor overlap. */
  private readonly taken: IovaRange[] = [];
  private allowed: readonly IovaRange[] = [];

  /** Says what is allowed from now on. What was given out stays. */
  allow(ranges: readonly IovaRange[] | undefined): void {
    const all = ranges ?? [{ start: IOVA_BASE_DEFAULT, end: 2 ** 39 }];
    this.allowed = [
      ...all.map((each) => ({ start: Math.max(each.start, IOVA_BASE_DEFAULT), end: Math.min(each.end, IOVA_END) })),
      ...all.map((each) => ({ start: Math.max(each.start, IOVA_MIN), end: Math.min(each.end, IOVA_BASE_DEFAULT) })),
    ];
  }

  /**
   * Takes `bytes` bytes at a multiple of `alignment`, a power of two.
   *
   * @throws VfioRefusal `bus-address` when no allowed range has room
   */
  take(bytes: number, alignment: number): number {
    for (const range of this.allowed) {
      const start = this.fitIn(range, bytes, alignment);
      if (start < 0) continue;
      this.taken.push({ start, end: start + bytes });
      this.taken.sort((a, b) => a.start - b.start);
      return start;
    }
    const ranges = this.allowed.filter((each) => each.start < each.end).map(hexRange);
    throw new VfioRefusal(
      'bus-address',
      `expected room for ${bytes} bytes in the IOMMU's address space, found none in ${ranges.join(', ') || 'no range at all'}`,
    );
  }

  /** Gives back what began at `start`. Nothing happens if nothing did. */
  give(start: number): void {
    const at = this.taken.findIndex((each) => each.start === start);
    if (at >= 0) this.taken.splice(at, 1);
  }

  private fitIn(range: IovaRange, bytes: number, alignment: number): number {
    let start = alignUp(range.start, alignment);
    for (const each of this.taken) {
      if (each.end <= start) continue;
      if (start + bytes <= each.start) break;
      start = alignUp(each.end, alignment);
    }
    return start + bytes <= range.end ? start : -1;
  }
}

/** Addresses go beyond 32 bits, so that bit operations do not reach. */
function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function hexRange(range: IovaRange): string {
  return `0x${range.start.toString(16)}-0x${(range.end - 1).toString(16)}`;
}
