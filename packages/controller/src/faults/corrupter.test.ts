import { STATUS_UNRECOVERED_READ_ERROR } from '@phasebit/nvme-spec';
import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { RamMedium } from '../media/ram-medium.js';
import { Transfer } from '../transfer.js';
import { Corrupter } from './corrupter.js';

class BadMedium extends RamMedium {
  override read(): number {
    return STATUS_UNRECOVERED_READ_ERROR;
  }
}

const changed = (bytes: Uint8Array): number[] => [...bytes.keys()].filter((at) => bytes[at] !== 0);

function transferOf(...pieces: readonly (readonly [page: number, offset: number, length: number])[]) {
  const arena = createDmaArena({ bytes: 4 * 4096 });
  const transfer = new Transfer(new DeviceDma([arena]), 4096);
  for (const [page, offset, length] of pieces) transfer.add(page, offset, length);
  return { transfer, bytes: new Uint8Array(arena.buffer) };
}

describe('corrupting what was read', () => {
  it('reaches every byte of every piece, and none beside them', () => {
    const { transfer, bytes } = transferOf([2, 3, 5], [0, 4090, 6]);
    new Corrupter(1).corruptPieces(transfer, 501);
    const within = [4090, 4091, 4092, 4093, 4094, 4095, 8195, 8196, 8197, 8198, 8199];
    expect(changed(bytes)).toEqual(within);
  });

  it('leaves out pieces that are not there', () => {
    const { transfer, bytes } = transferOf([-1, 0, 100_000], [1, 0, 4], [-1, 0, 100_000]);
    new Corrupter(1).corruptPieces(transfer, 1);
    expect(changed(bytes).every((at) => at >= 4096 && at < 4100)).toBe(true);
    expect(changed(bytes)).toHaveLength(1);
  });

  it('of nothing does nothing', () => {
    const { transfer, bytes } = transferOf([-1, 0, 4096]);
    new Corrupter(1).corruptPieces(transfer, 7);
    expect(changed(bytes)).toEqual([]);
  });
});

describe('corrupting what was written', () => {
  const contents = (medium: RamMedium): Uint8Array => {
    const { transfer, bytes } = transferOf([0, 0, 4096], [1, 0, 4096]);
    transfer.byteOffset = 0;
    transfer.bytes = 8192;
    medium.read(transfer);
    return bytes;
  };

  it('stays within the range', () => {
    const medium = new RamMedium({ bytes: 8192 });
    new Corrupter(3).corruptMedium(medium, 1024, 1536, 200);
    const all = changed(contents(medium));
    expect(all.length).toBeGreaterThan(100);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(1024);
    expect(Math.max(...all)).toBeLessThan(2560);
  });

  it('gives up where the medium cannot be read', () => {
    const medium = new BadMedium({ bytes: 8192 });
    new Corrupter(3).corruptMedium(medium, 0, 8192, 10);
    const { transfer, bytes } = transferOf([0, 0, 4096]);
    transfer.byteOffset = 0;
    transfer.bytes = 4096;
    RamMedium.prototype.read.call(medium, transfer);
    expect(changed(bytes)).toEqual([]);
  });
});
