import { ManualClock } from '@phasebit/core';
import {
  decodeIdentifyController,
  decodeIdentifyNamespace,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_NAMESPACE,
  NVM_COPY,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  ONCS_COPY_ATOMIC,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { identify } from '../../test-support/admin-calls.js';
import { RawHost, type RawHostOptions, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import type { NamespaceFormat } from '../namespace-format.js';
import { Subsystem } from '../subsystem.js';
import type { Medium } from './medium.js';
import { NandMedium } from './nand/nand-medium.js';
import { NAND_SLC } from './nand/nand-profile.js';
import { PowerLossMedium } from './power-loss-medium.js';
import { RamMedium } from './ram-medium.js';

const MEDIUM_BYTES = 2 ** 20;
const SEEDS = 24;
/** Where writes go; not a multiple of any atomic unit. */
const LBA = 3;
/** Where a Copy finds blocks of ones. */
const SOURCE = 40;

const cached = (atomicBytes: number, more: { tearBytes?: number; cacheBytes?: number } = {}): PowerLossMedium =>
  new PowerLossMedium({ medium: new RamMedium({ bytes: MEDIUM_BYTES }), atomicBytes, ...more });
const controllerOf = (host: RawHost) => decodeIdentifyController(identify(host, IDENTIFY_CNS_CONTROLLER));
const namespaceOf = (host: RawHost, nsid = 1) => decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, nsid));
const hostOf = (options: RawHostOptions): RawHost => new RawHost(options).enable();

/** A host that writes runs of blocks, loses power, and looks what is left of them. */
class Tearing {
  private readonly host: RawHost;
  private queue: RawSubmissionQueue;
  private readonly data: number;
  private readonly blockBytes: number;
  private readonly wideBytes: number;

  constructor(medium: Medium, format: Partial<NamespaceFormat>) {
    this.host = hostOf({ namespaces: [{ nsid: 1, medium, ...format }] });
    this.queue = this.host.createPair(1);
    this.data = this.host.ring(64 * 1024);
    this.blockBytes = format.blockBytes ?? 512;
    this.wideBytes = this.blockBytes + (format.isExtended === true ? (format.metadataBytes ?? 0) : 0);
  }

  /** Blocks that are promised to survive together. */
  get unit(): number {
    return namespaceOf(this.host).nawupf + 1;
  }

  /** Which blocks have changed, for each seed, as a text of digits. */
  outcomes(blocks: number, change: (tearing: Tearing, blocks: number) => void): string[] {
    return Array.from({ length: SEEDS }, (_, seed) => {
      this.write(LBA, blocks, 0);
      this.run({ opcode: NVM_FLUSH });
      change(this, blocks);
      this.host.controller.losePower(seed);
      this.host.enable();
      this.queue = this.host.createPair(1);
      return this.read(LBA, blocks).join('');
    });
  }

  write(lba: number, blocks: number, value: number): void {
    this.bytes.fill(value);
    this.move(NVM_WRITE, lba, blocks);
  }

  run(command: { opcode: number; cdw10?: number; cdw12?: number; prp1?: number }): void {
    expect(this.queue.execute({ nsid: 1, ...command }).code).toBe(0);
  }

  /** Copies blocks of ones, by ranges of one block each. */
  copy(blocks: number): void {
    this.write(SOURCE, 2 * blocks, 1);
    this.run({ opcode: NVM_FLUSH });
    const words = this.host.dma.words(this.data, blocks * 8).fill(0);
    for (let i = 0; i < blocks; i++) words[i * 8 + 2] = SOURCE + 2 * i;
    this.run({ opcode: NVM_COPY, cdw10: LBA, cdw12: blocks - 1, prp1: this.host.iova(this.data) });
  }

  private read(lba: number, blocks: number): number[] {
    this.bytes.fill(0xee);
    this.move(NVM_READ, lba, blocks);
    return Array.from({ length: blocks }, (_, i) => {
      const block = this.bytes.subarray(i * this.wideBytes, (i + 1) * this.wideBytes);
      expect(new Set(block).size).toBe(1);
      return block[0];
    });
  }

  private get bytes(): Uint8Array {
    return this.host.dma.bytes(this.data, 64 * 1024);
  }

  /** By one SGL descriptor; metadata of its own is past the data. */
  private move(opcode: number, lba: number, blocks: number): void {
    const address = this.host.iova(this.data);
    const sgl = { identifier: 0, address, length: blocks * this.wideBytes };
    const mptr = address + 60 * 1024;
    const status = this.queue.execute({ opcode, nsid: 1, psdt: 1, sgl, mptr, cdw10: lba, cdw12: blocks - 1 });
    expect(status.code).toBe(0);
  }
}

const isTorn = (outcome: string): boolean => new Set(outcome).size > 1;
const write = (tearing: Tearing, blocks: number): void => tearing.write(LBA, blocks, 1);

describe('a write up to what Identify says of a loss of power (NAWUPF)', () => {
  const FORMATS: readonly (readonly [string, number, Partial<NamespaceFormat>])[] = [
    ['one block, where nothing is promised', 0, {}],
    ['four blocks', 2048, {}],
    ['a block and a half of 4 KiB', 6144, { blockBytes: 4096 }],
    ['less than a block', 2048, { blockBytes: 4096 }],
    ['two blocks of 4 KiB', 8192, { blockBytes: 4096 }],
    ['blocks with metadata of their own', 2048, { metadataBytes: 8 }],
    ['blocks with metadata behind the data of each', 2048, { metadataBytes: 8, isExtended: true }],
  ];

  it.each(FORMATS)('is never torn, and a larger one may be: %s', (_, atomicBytes, format) => {
    const tearing = new Tearing(cached(atomicBytes), format);
    const { unit } = tearing;
    expect(unit).toBe(Math.max(1, Math.floor(atomicBytes / (format.blockBytes ?? 512))));
    for (let blocks = 1; blocks <= unit; blocks++) {
      const outcomes = tearing.outcomes(blocks, write);
      expect(outcomes.filter(isTorn)).toEqual([]);
      // Power was lost, and some of them were.
      expect(new Set(outcomes).size).toBe(2);
    }
    expect(tearing.outcomes(unit + 1, write).some(isTorn)).toBe(true);
  });

  it('is never torn when it does not fit into the cache, either', () => {
    const tearing = new Tearing(cached(2048, { cacheBytes: 1024 }), {});
    expect(tearing.outcomes(4, write).filter(isTorn)).toEqual([]);
  });

  it('may be zeros', () => {
    const tearing = new Tearing(cached(2048), {});
    const zero = (each: Tearing, blocks: number): void => {
      each.write(LBA, blocks, 1);
      each.run({ opcode: NVM_FLUSH });
      each.run({ opcode: NVM_WRITE_ZEROES, cdw10: LBA, cdw12: blocks - 1 });
    };
    expect(tearing.outcomes(4, zero).filter(isTorn)).toEqual([]);
    expect(tearing.outcomes(5, zero).some(isTorn)).toBe(true);
  });

  it.each<[string, Partial<NamespaceFormat>, number]>([
    ['', {}, 2 ** 24],
    [' with metadata', { metadataBytes: 8 }, 2 ** 24],
    [' that leaves the cache half way', { metadataBytes: 8 }, 1536],
    [' past the cache', {}, 512],
  ])('may be that of a Copy of many ranges%s (ONCS bit 9)', (_, format, cacheBytes) => {
    const medium = cached(2048, { cacheBytes });
    expect(controllerOf(hostOf({ namespaces: [{ nsid: 1, medium }] })).oncs & ONCS_COPY_ATOMIC).not.toBe(0);
    const tearing = new Tearing(medium, format);
    const copy = (each: Tearing, blocks: number): void => each.copy(blocks);
    expect(tearing.outcomes(4, copy).filter(isTorn)).toEqual([]);
    if (cacheBytes > 2048) expect(tearing.outcomes(5, copy).some(isTorn)).toBe(true);
  });

  it('is torn all the same by a medium that is told to break its promise', () => {
    const tearing = new Tearing(cached(2048, { tearBytes: 512 }), {});
    expect(tearing.unit).toBe(4);
    expect(tearing.outcomes(4, write).some(isTorn)).toBe(true);
  });
});

describe('Identify', () => {
  it('has what the medium promises, by blocks of the namespace, and of the largest there are', () => {
    const host = hostOf({ namespaces: [{ nsid: 1, medium: cached(65_536) }] });
    expect(namespaceOf(host)).toMatchObject({ nawun: 1023, nawupf: 127 });
    expect(controllerOf(host)).toMatchObject({ awun: 31, awupf: 3 });
  });

  it('promises no more than a transfer', () => {
    const host = hostOf({ mdts: 1, namespaces: [{ nsid: 1, medium: cached(65_536) }] });
    expect(namespaceOf(host)).toMatchObject({ nawun: 15, nawupf: 15 });
    expect(controllerOf(host)).toMatchObject({ awun: 0, awupf: 0 });
  });

  it('has one block for media that promise nothing', () => {
    const host = hostOf({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: MEDIUM_BYTES }) }] });
    expect([namespaceOf(host).nawupf, controllerOf(host).awupf]).toEqual([0, 0]);
  });

  it('hears of the promise through a medium that takes time', () => {
    const clock = new ManualClock();
    const timed = (medium: Medium) => new NandMedium({ ...NAND_SLC, medium, clock }).atomicBytes;
    expect([timed(cached(4096)), timed(new RamMedium({ bytes: MEDIUM_BYTES }))]).toEqual([4096, 0]);
  });

  it('has for the controller what holds for all namespaces, and always will', () => {
    const namespaces = [65_536, 32_768].map((atomicBytes, i) => ({ nsid: i + 1, medium: cached(atomicBytes) }));
    const host = hostOf({ namespaces, largestNsid: 4 });
    expect([namespaceOf(host, 1).nawupf, namespaceOf(host, 2).nawupf, controllerOf(host).awupf]).toEqual([127, 63, 1]);
    host.controller.attach({ nsid: 3, medium: cached(32_768) });
    expect(() => host.controller.attach({ nsid: 4, medium: cached(16_384) })).toThrow(
      'medium: expected one with an atomic unit of 32768 bytes or more, as AWUPF says of all, got 16384',
    );
    host.controller.detach(2);
    expect(controllerOf(host).awupf).toBe(1);
  });

  it('promises for the controller one block where the host may create namespaces, or there are none yet', () => {
    const namespaces = [{ nsid: 1, medium: cached(65_536) }];
    const host = hostOf({ namespaces, capacityBytes: 2 * MEDIUM_BYTES });
    expect([namespaceOf(host).nawupf, controllerOf(host).awupf]).toEqual([127, 0]);
    host.controller.detach(1);
    const subsystem = new Subsystem({ clock: new ManualClock(), largestNsid: 2 });
    subsystem.allocate({ nsid: 1, medium: cached(65_536) });
    expect(subsystem.atomicBytes).toBe(0);
    expect(() => subsystem.allocate({ nsid: 2, medium: new RamMedium({ bytes: MEDIUM_BYTES }) })).not.toThrow();
  });
});
