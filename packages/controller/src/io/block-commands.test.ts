import {
  COMMAND_EFFECTS,
  COMMAND_SCOPE_NAMESPACE,
  FEATURE_ERROR_RECOVERY_VALUE,
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  ONCS_COMPARE,
  ONCS_DATASET_MANAGEMENT,
  ONCS_VERIFY,
  ONCS_WRITE_UNCORRECTABLE,
  ONCS_WRITE_ZEROES,
  RW_CDW12_FUA,
  STATUS_ANA_INACCESSIBLE,
  STATUS_CAPACITY_EXCEEDED,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_DNR,
  STATUS_FORMAT_IN_PROGRESS,
  STATUS_INVALID_FIELD,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_RESERVATION_CONFLICT,
  STATUS_SANITIZE_IN_PROGRESS,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
  WRITE_ZEROES_CDW12_DEAC,
  WRITE_ZEROES_CDW12_NSZ,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { IoBench, type IoBenchOptions } from '../../test-support/io-bench.js';
import { HEALTH_BYTES_READ, HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import type { Internals } from '../internals.js';
import { MEDIUM_DEALLOCATE, MEDIUM_FLUSH, MEDIUM_READ, MEDIUM_WRITE, type Medium } from '../media/medium.js';
import { NullMedium } from '../media/null-medium.js';
import { RamMedium } from '../media/ram-medium.js';
import {
  SPECIAL_BUSY,
  SPECIAL_DIRECTED,
  SPECIAL_MARKED,
  SPECIAL_PROTECTED,
  SPECIAL_RESERVED,
} from '../namespace-special.js';
import { BARS_READS, BARS_WRITES } from '../reservations/reservation.js';
import type { Transfer } from '../transfer.js';
import { IO_EFFECTS } from './io-commands.js';
import { atomicUnits, ioCommandSupport, settleIoLimits } from './io-limits.js';

const UNREADABLE = STATUS_UNRECOVERED_READ_ERROR | STATUS_DNR;
const UNWRITTEN = STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK | STATUS_DNR;
const DULBE = FEATURE_ERROR_RECOVERY_VALUE.DULBE.set(0, 1);

/** Puts one range for Dataset Management where the data of commands is, and gives the command that gives it up. */
function deallocation(bench: IoBench, slba: number, blocks: number) {
  bench.memory.write(bench.memory.base, [{ identifier: 0, address: blocks * 2 ** 32, length: slba }]);
  return { opcode: NVM_DATASET_MANAGEMENT, cdw10: 0, cdw11: 4 };
}

describe('Write Uncorrectable', () => {
  const mark = { opcode: NVM_WRITE_UNCORRECTABLE, cdw10: 10, cdw12: 3 };

  it('makes every command that reads one of its blocks fail, and names the first', () => {
    const bench = new IoBench();
    expect(bench.run(mark)).toBe(0);
    for (const opcode of [NVM_READ, NVM_COMPARE, NVM_VERIFY]) {
      expect(bench.run({ opcode, cdw10: 8, cdw12: 3 })).toBe(UNREADABLE);
      expect(bench.refusedLba).toBe(10);
      expect(bench.run({ opcode, cdw10: 13 })).toBe(UNREADABLE);
      expect(bench.run({ opcode, cdw10: 8, cdw12: 1 })).toBe(0);
      expect(bench.run({ opcode, cdw10: 14 })).toBe(0);
    }
  });

  it.each([
    ['written', (): object => ({ opcode: NVM_WRITE, cdw10: 10, cdw12: 3 })],
    ['written with zeros', () => ({ opcode: NVM_WRITE_ZEROES, cdw10: 10, cdw12: 3 })],
    ['given up by Write Zeroes', () => ({ opcode: NVM_WRITE_ZEROES, cdw10: 10, cdw12: WRITE_ZEROES_CDW12_DEAC | 3 })],
    ['given up', (bench: IoBench) => deallocation(bench, 10, 4)],
  ])('ends when the blocks are %s, and with the last one the namespace is plain again', (_, repair) => {
    const bench = new IoBench();
    bench.run(mark);
    bench.run({ opcode: NVM_WRITE, cdw10: 11 });
    expect(bench.run({ opcode: NVM_READ, cdw10: 11 })).toBe(0);
    expect(bench.run({ opcode: NVM_READ, cdw10: 10, cdw12: 3 })).toBe(UNREADABLE);
    expect(bench.namespace.special).toBe(SPECIAL_MARKED);
    expect(bench.namespace.plainBlocksMax).toBe(0);
    expect(bench.run(repair(bench) as { opcode: number })).toBe(0);
    expect(bench.run({ opcode: NVM_READ, cdw10: 8, cdw12: 7 })).toBe(0);
    expect(bench.namespace.special).toBe(0);
    expect(bench.namespace.plainBlocksMax).toBe(128);
  });

  it('is seen by every controller, and forgotten by a format', () => {
    const bench = new IoBench();
    const other = bench.allocated.attach({} as Internals);
    bench.run(mark);
    expect(other.special).toBe(SPECIAL_MARKED);
    bench.allocated.setFormat(bench.allocated.format, 64, 64);
    expect([other.special, bench.allocated.marks.uncorrectable.count]).toEqual([0, 0]);
  });

  it('leaves the data as it was', () => {
    const bench = new IoBench();
    bench.memory.fill(3);
    bench.run({ opcode: NVM_WRITE, cdw10: 10 });
    bench.run({ ...mark, cdw12: 0 });
    bench.run({ opcode: NVM_WRITE_UNCORRECTABLE, cdw10: 40 });
    expect(bench.run({ opcode: NVM_COMPARE, cdw10: 10 })).toBe(UNREADABLE);
    bench.allocated.marks.uncorrectable.remove(10, 1);
    expect(bench.run({ opcode: NVM_COMPARE, cdw10: 10 })).toBe(0);
  });
});

describe('blocks that are counted', () => {
  const counted = (options: IoBenchOptions = {}): IoBench => new IoBench({ ...options, isCounted: true });

  it('are in use once written, until they are given up', () => {
    const bench = counted();
    expect(bench.allocated.usedBlocks).toBe(0);
    bench.run({ opcode: NVM_WRITE, cdw12: 7 });
    bench.run({ opcode: NVM_WRITE, cdw10: 4, cdw12: 7 });
    expect(bench.allocated.usedBlocks).toBe(12);
    bench.run({ opcode: NVM_WRITE_ZEROES, cdw10: 20, cdw12: 1 });
    bench.run({ opcode: NVM_WRITE_UNCORRECTABLE, cdw10: 30 });
    expect(bench.allocated.usedBlocks).toBe(15);
    bench.run({ opcode: NVM_WRITE_ZEROES, cdw10: 20, cdw12: WRITE_ZEROES_CDW12_DEAC | 1 });
    expect(bench.run(deallocation(bench, 0, 10))).toBe(0);
    expect(bench.allocated.usedBlocks).toBe(3);
  });

  it('are all in use where nobody counts', () => {
    expect(new IoBench().allocated.usedBlocks).toBe(64);
  });

  it.each([
    ['Write', NVM_WRITE],
    ['Write Zeroes', NVM_WRITE_ZEROES],
    ['Write Uncorrectable', NVM_WRITE_UNCORRECTABLE],
  ])('%s fails when it would need more than there are', (_, opcode) => {
    const bench = counted({ capacityBlocks: 16 });
    expect(bench.run({ opcode, cdw10: 0, cdw12: 11 })).toBe(0);
    expect(bench.run({ opcode, cdw10: 8, cdw12: 8 })).toBe(STATUS_CAPACITY_EXCEEDED | STATUS_DNR);
    expect(bench.allocated.usedBlocks).toBe(12);
    expect(bench.run({ opcode, cdw10: 8, cdw12: 7 })).toBe(0);
    expect(bench.run({ opcode, cdw10: 0, cdw12: 15 })).toBe(0);
    expect(bench.run({ opcode, cdw10: 16 })).toBe(STATUS_CAPACITY_EXCEEDED | STATUS_DNR);
    expect(bench.run({ opcode: NVM_WRITE_ZEROES, cdw10: 16, cdw12: WRITE_ZEROES_CDW12_DEAC })).toBe(0);
  });

  it.each([
    ['Read', NVM_READ],
    ['Compare', NVM_COMPARE],
    ['Verify', NVM_VERIFY],
  ])('fail %s while they are not written, if the host asked for that', (_, opcode) => {
    const bench = counted();
    bench.run({ opcode: NVM_WRITE_ZEROES, cdw10: 8, cdw12: 3 });
    expect(bench.run({ opcode, cdw10: 8, cdw12: 4 })).toBe(
      opcode === NVM_COMPARE ? bench.run({ opcode, cdw10: 12 }) : 0,
    );
    bench.namespace.errorRecovery = DULBE;
    expect(bench.run({ opcode, cdw10: 8, cdw12: 4 })).toBe(UNWRITTEN);
    expect(bench.refusedLba).toBe(12);
    expect(bench.run({ opcode, cdw10: 8, cdw12: 3 })).toBe(0);
    bench.run({ opcode: NVM_WRITE_ZEROES, cdw10: 9, cdw12: WRITE_ZEROES_CDW12_DEAC });
    expect(bench.run({ opcode, cdw10: 8, cdw12: 3 })).toBe(UNWRITTEN);
    expect(bench.refusedLba).toBe(9);
  });
});

describe('Verify', () => {
  it('reads whatever its size, and counts what it read but no command of the host’s', () => {
    const bench = new IoBench({ medium: new NullMedium(2 ** 31), blocks: 2 ** 22, bytesMax: 8192 });
    expect(bench.run({ opcode: NVM_VERIFY, cdw10: 5, cdw12: 0xffff })).toBe(0);
    expect(bench.counters[HEALTH_BYTES_READ]).toBe(65_536 * 512);
    expect(bench.counters[HEALTH_READS]).toBe(0);
  });
});

describe('Write Zeroes of the whole namespace', () => {
  const all = { opcode: NVM_WRITE_ZEROES, cdw10: 999, cdw12: WRITE_ZEROES_CDW12_NSZ | WRITE_ZEROES_CDW12_DEAC | 0xfff };

  it('clears every block, wherever it says, and says so', () => {
    const bench = new IoBench({ limits: { wzsl: 1 } });
    bench.memory.fill(1);
    bench.run({ opcode: NVM_WRITE, cdw10: 63 });
    expect(bench.run(all)).toBe(0);
    expect(bench.command.result).toBe(1);
    expect(bench.run({ opcode: NVM_COMPARE, cdw10: 63 })).not.toBe(0);
    expect(bench.run({ opcode: NVM_READ, cdw10: 63 })).toBe(0);
    expect(bench.memory.words(bench.memory.base)).toEqual([0, 0, 0, 0]);
  });

  it('is refused without DEAC, of no namespace, and where nothing may be written', () => {
    const bench = new IoBench();
    expect(bench.run({ ...all, cdw12: WRITE_ZEROES_CDW12_NSZ })).toBe(STATUS_INVALID_FIELD | STATUS_DNR);
    expect(bench.run({ ...all, nsid: 2 })).toBe(STATUS_INVALID_FIELD | STATUS_DNR);
    bench.allocated.setSpecial(SPECIAL_PROTECTED, true);
    expect(bench.run(all)).toBe(STATUS_NAMESPACE_WRITE_PROTECTED | STATUS_DNR);
  });
});

describe('limits of size', () => {
  it.each([
    ['Verify', NVM_VERIFY, { vsl: 1 }],
    ['Write Zeroes', NVM_WRITE_ZEROES, { wzsl: 1 }],
    ['Write Uncorrectable', NVM_WRITE_UNCORRECTABLE, { wusl: 1 }],
  ])('of %s refuse one block more', (_, opcode, limits) => {
    const bench = new IoBench({ limits });
    expect(bench.run({ opcode, cdw12: 15 })).toBe(0);
    expect(bench.run({ opcode, cdw12: 16 })).toBe(STATUS_INVALID_FIELD | STATUS_DNR);
    expect(new IoBench().run({ opcode, cdw12: 16 })).toBe(0);
  });

  it('of Dataset Management refuse more ranges, longer ranges and more blocks', () => {
    const run = (limits: object, ranges: readonly (readonly [number, number])[]): number => {
      const bench = new IoBench({ limits });
      bench.memory.write(
        bench.memory.base,
        ranges.map(([slba, blocks]) => ({ identifier: 0, address: blocks * 2 ** 32, length: slba })),
      );
      return bench.run({ opcode: NVM_DATASET_MANAGEMENT, cdw10: ranges.length - 1, cdw11: 4 });
    };
    const limits = { dmrl: 2, dmrsl: 8, dmsl: 10 };
    const refused = STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | STATUS_DNR;
    expect(
      run(limits, [
        [0, 8],
        [8, 2],
      ]),
    ).toBe(0);
    expect(
      run(limits, [
        [0, 8],
        [8, 3],
      ]),
    ).toBe(refused);
    expect(run(limits, [[0, 9]])).toBe(refused);
    expect(
      run(limits, [
        [0, 1],
        [1, 1],
        [2, 1],
      ]),
    ).toBe(refused);
    expect(
      run({}, [
        [0, 64],
        [0, 64],
        [2, 1],
      ]),
    ).toBe(0);
  });

  it('are said to be hard by a bit that is clear', () => {
    const bits = ONCS_VERIFY | ONCS_WRITE_ZEROES | ONCS_WRITE_UNCORRECTABLE | ONCS_DATASET_MANAGEMENT;
    expect(ioCommandSupport(settleIoLimits({})) & bits).toBe(bits);
    const hard = settleIoLimits({ vsl: 1, wzsl: 1, wusl: 1, dmrl: 1, dmrsl: 1, dmsl: 1 });
    expect(ioCommandSupport(hard) & (bits | ONCS_COMPARE)).toBe(ONCS_COMPARE);
  });

  it.each([
    ['vsl', { vsl: 17 }],
    ['dmrsl', { dmrl: 1, dmsl: 1 }],
    ['dmrl', { dmrl: 256, dmrsl: 1, dmsl: 1 }],
    ['mssrl', { mssrl: 65_536 }],
    ['mcl', { mcl: 0 }],
    ['msrc0', { msrc0: 256 }],
  ])('out of range are refused: %s', (name, limits) => {
    expect(() => settleIoLimits(limits)).toThrow(`ioLimits.${name}`);
  });

  it('of what is atomic are a transfer, and when power fails what the medium promises, or one block', () => {
    expect(atomicUnits(65_536, 512, 0)).toEqual({ controller0: 3, namespace0: 127, powerFail0: 0 });
    expect(atomicUnits(65_536, 512, 2560)).toEqual({ controller0: 3, namespace0: 127, powerFail0: 4 });
    expect(atomicUnits(65_536, 4096, 4095)).toMatchObject({ namespace0: 15, powerFail0: 0 });
    expect(atomicUnits(65_536, 4096, 2 ** 28)).toMatchObject({ namespace0: 15, powerFail0: 15 });
    expect(atomicUnits(8192, 16_384, 0)).toEqual({ controller0: 0, namespace0: 0, powerFail0: 0 });
    expect(atomicUnits(2 ** 28, 512, 2 ** 28)).toMatchObject({ namespace0: 0xffff, powerFail0: 0xffff });
  });
});

describe('a namespace that is closed', () => {
  const READS = [NVM_READ, NVM_COMPARE, NVM_VERIFY];
  const WRITES = [NVM_WRITE, NVM_WRITE_ZEROES, NVM_WRITE_UNCORRECTABLE];

  it.each([
    [
      'by its path',
      (bench: IoBench) => bench.namespace.setPathStatus(STATUS_ANA_INACCESSIBLE),
      STATUS_ANA_INACCESSIBLE,
    ],
    [
      'while it is formatted',
      (bench: IoBench) => bench.allocated.setBusy(STATUS_FORMAT_IN_PROGRESS),
      STATUS_FORMAT_IN_PROGRESS,
    ],
  ])('%s refuses everything', (_, close, status) => {
    const bench = new IoBench();
    close(bench);
    const dataset = deallocation(bench, 0, 1);
    for (const opcode of [...READS, ...WRITES, NVM_FLUSH])
      expect([opcode, bench.run({ opcode })]).toEqual([opcode, status]);
    expect(bench.run(dataset)).toBe(status);
    expect(bench.run({ ...dataset, cdw11: 3 })).toBe(status);
  });

  it('to writes refuses what changes data, and nothing else', () => {
    const bench = new IoBench();
    bench.allocated.setSpecial(SPECIAL_PROTECTED, true);
    const status = STATUS_NAMESPACE_WRITE_PROTECTED | STATUS_DNR;
    for (const opcode of READS) expect(bench.run({ opcode, cdw10: 9 })).toBe(0);
    for (const opcode of WRITES) expect([opcode, bench.run({ opcode })]).toEqual([opcode, status]);
    expect(bench.run({ opcode: NVM_FLUSH })).toBe(0);
    const dataset = deallocation(bench, 0, 1);
    expect(bench.run(dataset)).toBe(status);
    expect(bench.run({ ...dataset, cdw11: 3 })).toBe(0);
  });

  it('while what a sanitize operation left is verified can be read', () => {
    const bench = new IoBench();
    bench.allocated.setBusy(STATUS_SANITIZE_IN_PROGRESS);
    bench.allocated.isReadableWhileBusy = true;
    for (const opcode of READS) expect(bench.run({ opcode })).toBe(0);
    for (const opcode of WRITES) expect(bench.run({ opcode })).toBe(STATUS_SANITIZE_IN_PROGRESS);
  });

  it('by a reservation refuses what the host is barred from', () => {
    const bench = new IoBench();
    const conflict = STATUS_RESERVATION_CONFLICT | STATUS_DNR;
    bench.namespace.setSpecial(SPECIAL_RESERVED, true);
    bench.namespace.bars = BARS_WRITES;
    for (const opcode of READS) expect(bench.run({ opcode, cdw10: 9 })).toBe(0);
    for (const opcode of [...WRITES, NVM_FLUSH]) expect([opcode, bench.run({ opcode })]).toEqual([opcode, conflict]);
    expect(bench.run(deallocation(bench, 0, 1))).toBe(conflict);
    bench.namespace.bars = BARS_READS | BARS_WRITES;
    for (const opcode of READS) expect(bench.run({ opcode })).toBe(conflict);
  });

  it('to this host is left out of a flush of all', () => {
    const bench = new IoBench();
    bench.allocated.setSpecial(SPECIAL_BUSY, true);
    bench.allocated.busyStatus = STATUS_FORMAT_IN_PROGRESS;
    expect(bench.run({ opcode: NVM_FLUSH, nsid: 0xffff_ffff })).toBe(0);
  });
});

describe('directives', () => {
  const STREAMS = 1 << 20;
  it('mean nothing while none is enabled', () => {
    for (const opcode of [NVM_WRITE, NVM_WRITE_ZEROES, NVM_WRITE_UNCORRECTABLE]) {
      expect(new IoBench().run({ opcode, cdw12: STREAMS, cdw13: 5 << 16 })).toBe(0);
    }
  });

  it('are refused unless it is the enabled one', () => {
    for (const opcode of [NVM_WRITE, NVM_WRITE_ZEROES, NVM_WRITE_UNCORRECTABLE]) {
      const bench = new IoBench();
      bench.namespace.directives = 1 << 1;
      bench.namespace.setSpecial(SPECIAL_DIRECTED, true);
      expect(bench.run({ opcode, cdw12: STREAMS })).toBe(0);
      expect(bench.run({ opcode })).toBe(0);
      expect(bench.run({ opcode, cdw12: 2 << 20 })).toBe(STATUS_INVALID_FIELD | STATUS_DNR);
    }
    const bench = new IoBench();
    bench.namespace.directives = 1 << 1;
    bench.namespace.setSpecial(SPECIAL_DIRECTED, true);
    const zeroes = { opcode: NVM_WRITE_ZEROES, cdw12: WRITE_ZEROES_CDW12_NSZ | WRITE_ZEROES_CDW12_DEAC };
    expect(bench.run(zeroes)).toBe(0);
  });

  it('of streams open the stream that a Write names', () => {
    const bench = new IoBench();
    bench.namespace.directives = 1 << 1;
    bench.namespace.setSpecial(SPECIAL_DIRECTED, true);
    bench.run({ opcode: NVM_WRITE, cdw12: STREAMS, cdw13: 0xbeef_0000 });
    bench.run({ opcode: NVM_WRITE, cdw12: 0, cdw13: 0x1234_0000 });
    bench.run({ opcode: NVM_WRITE, cdw10: 64, cdw12: STREAMS, cdw13: 0x5678_0000 });
    expect(bench.streams).toEqual([0xbeef]);
  });
});

describe('FUA', () => {
  class Cached extends NullMedium {
    flushes = 0;
    status = 0;
    override flush(): number {
      this.flushes++;
      return this.status;
    }
  }

  it('makes what is cached last, before a read and after a write', () => {
    const medium = new Cached(32_768);
    const bench = new IoBench({ medium });
    const commands = [NVM_READ, NVM_WRITE, NVM_COMPARE, NVM_VERIFY, NVM_WRITE_ZEROES];
    for (const opcode of commands) expect(bench.run({ opcode, cdw12: RW_CDW12_FUA })).toBe(0);
    expect(medium.flushes).toBe(5);
    for (const opcode of commands) bench.run({ opcode });
    expect(medium.flushes).toBe(5);
    medium.status = STATUS_WRITE_FAULT;
    for (const opcode of commands) expect(bench.run({ opcode, cdw12: RW_CDW12_FUA })).toBe(STATUS_WRITE_FAULT);
  });

  it('is what every write has while there is no cache', () => {
    const medium = new Cached(32_768);
    const bench = new IoBench({ medium });
    bench.features.isWriteThrough = true;
    bench.run({ opcode: NVM_WRITE });
    bench.run({ opcode: NVM_WRITE_ZEROES });
    bench.run({ opcode: NVM_READ });
    expect(medium.flushes).toBe(2);
  });
});

describe('an error of the medium', () => {
  /** Fails the n-th thing that it is asked for. */
  class Failing extends RamMedium {
    callsLeft = Infinity;
    override read(transfer: Transfer): number {
      return this.isDown() ? STATUS_UNRECOVERED_READ_ERROR : super.read(transfer);
    }
    override write(transfer: Transfer): number {
      return this.isDown() ? STATUS_WRITE_FAULT : super.write(transfer);
    }
    override zero(transfer: Transfer): number {
      return this.isDown() ? STATUS_WRITE_FAULT : super.zero(transfer);
    }
    override deallocate(transfer: Transfer): number {
      return this.isDown() ? STATUS_WRITE_FAULT : super.zero(transfer);
    }
    override flush(): number {
      return this.isDown() ? STATUS_WRITE_FAULT : 0;
    }
    private isDown(): boolean {
      return this.callsLeft-- <= 0;
    }
  }

  const whole = WRITE_ZEROES_CDW12_NSZ | WRITE_ZEROES_CDW12_DEAC;
  it.each([
    ['Read', 'plain', { opcode: NVM_READ }, 1],
    ['Read with FUA', 'plain', { opcode: NVM_READ, cdw12: RW_CDW12_FUA }, 2],
    ['Read of metadata', 'protected', { opcode: NVM_READ }, 2],
    ['Write', 'plain', { opcode: NVM_WRITE }, 1],
    ['Write with FUA', 'plain', { opcode: NVM_WRITE, cdw12: RW_CDW12_FUA }, 2],
    ['Write of metadata', 'protected', { opcode: NVM_WRITE }, 2],
    ['Compare', 'protected', { opcode: NVM_COMPARE }, 2],
    ['Verify', 'protected', { opcode: NVM_VERIFY }, 2],
    ['Write Zeroes', 'protected', { opcode: NVM_WRITE_ZEROES, cdw12: RW_CDW12_FUA }, 4],
    ['Write Zeroes with DEAC', 'protected', { opcode: NVM_WRITE_ZEROES, cdw12: WRITE_ZEROES_CDW12_DEAC }, 2],
    ['Write Zeroes of all', 'protected', { opcode: NVM_WRITE_ZEROES, cdw12: (whole | RW_CDW12_FUA) >>> 0 }, 3],
    ['Dataset Management', 'protected', 'dataset', 2],
    ['Flush', 'plain', { opcode: NVM_FLUSH }, 1],
    ['Flush of all', 'plain', { opcode: NVM_FLUSH, nsid: 0xffff_ffff }, 1],
  ] as const)('is the status of %s, whichever call it is', (_, kind, command, calls) => {
    const medium = new Failing({ bytes: 65_536 });
    const bench = new IoBench({ medium, blocks: 32, format: kind === 'plain' ? {} : { metadataBytes: 8, piType: 1 } });
    const raw = command === 'dataset' ? deallocation(bench, 0, 1) : command;
    for (let call = 0; call < calls; call++) {
      medium.callsLeft = call;
      const status = bench.run({ mptr: bench.memory.base + 8192, ...raw });
      expect([STATUS_UNRECOVERED_READ_ERROR, STATUS_WRITE_FAULT]).toContain(status);
    }
    medium.callsLeft = calls;
    expect(bench.run({ mptr: bench.memory.base + 8192, ...raw })).toBe(0);
    expect(medium.callsLeft).toBe(0);
  });
});

describe('a medium that takes time', () => {
  it('is asked for each thing it did, and the command completes no earlier', () => {
    const asked: number[][] = [];
    class Slow extends NullMedium implements Medium {
      dueNs(...what: number[]): number {
        asked.push(what);
        return asked.length * 1000;
      }
    }
    const bench = new IoBench({ medium: new Slow(65_536), format: { metadataBytes: 8, piType: 1 } });
    const due = (opcode: number, cdw12 = 0): number => {
      asked.length = 0;
      bench.io.inFlight.begin(0);
      expect(bench.run({ opcode, mptr: bench.memory.base + 8192, cdw10: 2, cdw12 })).toBe(0);
      return bench.io.dueNs;
    };
    const metadata = 64 * 512 + 2 * 8;
    expect(due(NVM_READ)).toBe(2000);
    expect(asked).toEqual([
      [MEDIUM_READ, 1024, 512],
      [MEDIUM_READ, metadata, 8],
    ]);
    expect(due(NVM_WRITE, RW_CDW12_FUA)).toBe(3000);
    expect(asked).toEqual([
      [MEDIUM_WRITE, 1024, 512],
      [MEDIUM_WRITE, metadata, 8],
      [MEDIUM_FLUSH, 0, 65_536],
    ]);
    due(NVM_WRITE_ZEROES, WRITE_ZEROES_CDW12_DEAC);
    expect(asked).toEqual([
      [MEDIUM_DEALLOCATE, 1024, 512],
      [MEDIUM_DEALLOCATE, metadata, 8],
    ]);
    due(NVM_FLUSH);
    expect(asked).toEqual([[MEDIUM_FLUSH, 0, 65_536]]);
  });
});

describe('the effects of a command', () => {
  it('are on user data, of namespaces alone, for those that change it', () => {
    const changing = IO_EFFECTS.filter(([, effects]) => COMMAND_EFFECTS.LBCC.get(effects) === 1);
    expect(changing.map(([opcode]) => opcode)).toEqual([
      NVM_WRITE,
      NVM_WRITE_UNCORRECTABLE,
      NVM_WRITE_ZEROES,
      NVM_DATASET_MANAGEMENT,
      NVM_COPY,
    ]);
    for (const [, effects] of changing) expect(COMMAND_EFFECTS.CSP.get(effects)).toBe(COMMAND_SCOPE_NAMESPACE);
    for (const [, effects] of IO_EFFECTS) expect(COMMAND_EFFECTS.CSUPP.get(effects)).toBe(1);
  });
});

describe('the health log', () => {
  it('counts what the specification counts', () => {
    const bench = new IoBench();
    bench.run({ opcode: NVM_READ, cdw12: 1 });
    bench.run({ opcode: NVM_WRITE, cdw12: 3 });
    bench.io.countBatch();
    bench.run({ opcode: NVM_COMPARE });
    bench.run({ opcode: NVM_VERIFY });
    for (const opcode of [NVM_FLUSH, NVM_WRITE_ZEROES, NVM_WRITE_UNCORRECTABLE]) bench.run({ opcode, cdw10: 30 });
    bench.run(deallocation(bench, 0, 1));
    expect(
      [HEALTH_READS, HEALTH_BYTES_READ, HEALTH_WRITES, HEALTH_BYTES_WRITTEN].map((i) => bench.counters[i]),
    ).toEqual([2, 4 * 512, 1, 4 * 512]);
  });
});
