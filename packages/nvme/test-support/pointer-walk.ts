import { DeviceDma, type DmaSpace } from '@phasebit/pcie';

/** A run of bus addresses; -1 for bytes that are discarded. */
export interface BusRange {
  readonly iova: number;
  readonly bytes: number;
}

/** An SGL descriptor as its figure says it. */
interface Descriptor {
  readonly iova: number;
  readonly bytes: number;
  readonly identifier: number;
}

/** Bus address of a host address. */
export function iovaOf(dma: DmaSpace, address: number): number {
  const page = address >>> 12;
  return dma.iovaHigh[page] * 2 ** 32 + dma.iovaLow[page] + (address & 0xfff);
}

/** The runs of host memory on the bus, page by page. */
export function busRanges(dma: DmaSpace, address: number, bytes: number): BusRange[] {
  const ranges: BusRange[] = [];
  for (let at = address; at < address + bytes;) {
    const next = Math.min((Math.floor(at / 4096) + 1) * 4096, address + bytes);
    ranges.push({ iova: iovaOf(dma, at), bytes: next - at });
    at = next;
  }
  return ranges;
}

/** Ranges that follow each other on the bus, joined: what two lists have in common that describe the same bytes. */
export function joined(ranges: readonly BusRange[]): BusRange[] {
  const result: BusRange[] = [];
  for (const range of ranges) {
    const last = result[result.length - 1];
    const follows = last !== undefined && (range.iova < 0 ? last.iova < 0 : range.iova === last.iova + last.bytes);
    if (follows && last.iova < 0 === range.iova < 0)
      result[result.length - 1] = { ...last, bytes: last.bytes + range.bytes };
    else result.push(range);
  }
  return result;
}

/**
 * Follows the pointers of a command as [Base] 4.3 says, and complains about whatever a controller may complain about. Written from the
 * figures alone.
 */
export class PointerWalk {
  private readonly bus: DeviceDma;

  constructor(dma: DmaSpace) {
    this.bus = new DeviceDma(dma.arenas);
  }

  /** PSDT of a command. */
  static psdt(dwords: readonly number[]): number {
    return (dwords[0] >>> 14) & 3;
  }

  /** Where the data of a command is, and how many SGL descriptors say so. */
  data(dwords: readonly number[], bytes: number): { ranges: BusRange[]; descriptors: number } {
    if (PointerWalk.psdt(dwords) === 0) return { ranges: this.prp(dwords, bytes), descriptors: 0 };
    const found = this.sgl(descriptorOf(dwords.slice(6, 10)), bytes);
    return { ranges: found, descriptors: found.length };
  }

  /** Where the separate metadata of a command is. */
  metadata(dwords: readonly number[], bytes: number): BusRange[] {
    const mptr = addressOf(dwords.slice(4, 6));
    const psdt = PointerWalk.psdt(dwords);
    if (psdt === 0) expectThat(mptr % 4 === 0, 'MPTR is dword aligned');
    if (psdt !== 2) return [{ iova: mptr, bytes }];
    expectThat(mptr % 8 === 0, 'an SGL segment is qword aligned');
    return this.sgl(this.descriptorsAt(mptr, 16)[0], bytes);
  }

  private prp(dwords: readonly number[], bytes: number): BusRange[] {
    const prp1 = addressOf(dwords.slice(6, 8));
    const prp2 = addressOf(dwords.slice(8, 10));
    expectThat(prp1 % 4 === 0, 'PRP1 is dword aligned');
    const first = Math.min(bytes, 4096 - (prp1 % 4096));
    const ranges = [{ iova: prp1, bytes: first }];
    let left = bytes - first;
    if (left === 0) expectThat(prp2 === 0, 'PRP2 is 0 where there is no second page');
    else if (left <= 4096) {
      expectThat(prp2 % 4096 === 0, 'PRP2 has no offset');
      ranges.push({ iova: prp2, bytes: left });
    } else {
      const entries = Math.ceil(left / 4096);
      expectThat(prp2 % 8 === 0, 'a PRP list is qword aligned');
      expectThat(Math.floor(prp2 / 4096) === Math.floor((prp2 + entries * 8 - 1) / 4096), 'no list crosses a page');
      for (let i = 0; i < entries; i++) {
        const entry = addressOf(this.words(prp2 + i * 8, 2));
        expectThat(entry % 4096 === 0, 'PRP entries of a list have no offset');
        ranges.push({ iova: entry, bytes: Math.min(left, 4096) });
        left -= 4096;
      }
    }
    return ranges;
  }

  private sgl(first: Descriptor, bytes: number): BusRange[] {
    const isSegment = first.identifier === 0x30;
    if (isSegment) {
      expectThat(first.bytes > 0 && first.bytes % 16 === 0, 'a segment has whole descriptors');
      expectThat(first.iova % 8 === 0, 'an SGL segment is qword aligned');
      const last = first.iova + first.bytes - 1;
      expectThat(Math.floor(first.iova / 4096) === Math.floor(last / 4096), 'no segment crosses a page');
    }
    const descriptors = isSegment ? this.descriptorsAt(first.iova, first.bytes) : [first];
    for (const { identifier } of descriptors) {
      expectThat(identifier === 0x00 || identifier === 0x10, 'a last segment has data blocks and bit buckets only');
    }
    const sum = descriptors.reduce((total, each) => total + each.bytes, 0);
    expectThat(sum === bytes, `an SGL of ${sum} bytes is as long as the data, ${bytes}`);
    return descriptors.map(({ iova, bytes: length, identifier }) => ({
      iova: identifier === 0x10 ? -1 : iova,
      bytes: length,
    }));
  }

  private descriptorsAt(iova: number, bytes: number): Descriptor[] {
    return Array.from({ length: bytes / 16 }, (_, i) => descriptorOf(this.words(iova + i * 16, 4)));
  }

  private words(iova: number, count: number): number[] {
    const page = this.bus.pageAt(iova % 2 ** 32, Math.floor(iova / 2 ** 32));
    expectThat(page >= 0, `${iova} is mapped`);
    const at = (iova % 4096) / 4;
    return [...this.bus.wordsOf(page).subarray(at, at + count)];
  }
}

function descriptorOf(words: readonly number[]): Descriptor {
  expectThat((words[3] & 0xff_ffff) === 0, 'reserved bytes of a descriptor are 0');
  return { iova: addressOf(words), bytes: words[2], identifier: words[3] >>> 24 };
}

function addressOf(words: readonly number[]): number {
  return words[1] * 2 ** 32 + words[0];
}

function expectThat(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`expected that ${what}`);
}
