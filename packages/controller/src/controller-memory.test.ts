import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_IDENTIFY,
  ADMIN_SANITIZE,
  AQA,
  CAP,
  CMBLOC,
  CMBSTS,
  CMBSZ,
  CSTS,
  NSSR_RESET_KEY,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  PMRCAP,
  PMRSTS,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CMBLOC,
  REG_CMBMSC,
  REG_CMBSTS,
  REG_CMBSZ,
  REG_CSTS,
  REG_NSSR,
  REG_PMRCAP,
  REG_PMRCTL,
  REG_PMREBS,
  REG_PMRMSCL,
  REG_PMRMSCU,
  REG_PMRSTS,
  REG_PMRSWTP,
  SANITIZE_ACTION_BLOCK_ERASE,
  STATUS_INVALID_CMB_USE,
  STATUS_SANITIZE_PROHIBITED_PMR,
} from '@phasebit/nvme-spec';
import { type DmaArena, PAGE_BYTES, wrapDmaArena } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { ENABLED, NOWHERE, RawHost, type RawHostOptions, RawSubmissionQueue } from '../test-support/raw-host.js';
import { RamMedium } from './media/ram-medium.js';

const PAGES = 16;
const BYTES = PAGES * PAGE_BYTES;
const CMB_BASE = 2 ** 44;
const PMR_BASE = 2 ** 43;
const CRE = 1;
const CMSE = 2;

function withMemory(options: RawHostOptions = {}): RawHost {
  return new RawHost({
    memory: { cmbBytes: BYTES, pmrBytes: BYTES },
    namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 1024 * 1024 }), blockBytes: 512 }],
    ...options,
  });
}

/** Gives the Controller Memory Buffer addresses, and the host an arena over it. */
function mapBuffer(host: RawHost, base = CMB_BASE): DmaArena {
  host.write64(REG_CMBMSC, base + CRE + CMSE);
  const arena = wrapDmaArena(host.function.cmb!, base);
  host.dma.attach(arena, { reserved: true });
  return arena;
}

/** Enables the Persistent Memory Region and gives it addresses, and the host an arena over it. */
function mapRegion(host: RawHost, base = PMR_BASE): DmaArena {
  host.write32(REG_PMRCTL, 1);
  host.write32(REG_PMRMSCU, Math.floor(base / 2 ** 32));
  host.write32(REG_PMRMSCL, (base % 2 ** 32) + CMSE);
  const arena = wrapDmaArena(host.function.pmr!, base);
  host.dma.attach(arena, { reserved: true });
  return arena;
}

describe('the registers of the Controller Memory Buffer', () => {
  it('are zero and stay so when there is none', () => {
    const host = new RawHost();
    expect(CAP.CMBS.get(host.read32(REG_CAP), host.read32(REG_CAP + 4))).toBe(0);
    host.write64(REG_CMBMSC, CMB_BASE + CRE + CMSE);
    for (const offset of [REG_CMBLOC, REG_CMBSZ, REG_CMBMSC, REG_CMBMSC + 4, REG_CMBSTS]) {
      expect(host.read32(offset)).toBe(0);
    }
  });

  it('say where and how large it is, and what for, once they are enabled', () => {
    const host = withMemory();
    expect(CAP.CMBS.get(host.read32(REG_CAP), host.read32(REG_CAP + 4))).toBe(1);
    expect([host.read32(REG_CMBLOC), host.read32(REG_CMBSZ)]).toEqual([0, 0]);
    host.write32(REG_CMBMSC, CRE);
    const size = host.read32(REG_CMBSZ);
    expect([CMBSZ.SZ.get(size), CMBSZ.SZU.get(size)]).toEqual([PAGES, 0]);
    const uses = [CMBSZ.SQS, CMBSZ.CQS, CMBSZ.LISTS, CMBSZ.RDS, CMBSZ.WDS].map((use) => use.get(size));
    expect(uses).toEqual([1, 0, 1, 1, 1]);
    const location = host.read32(REG_CMBLOC);
    expect([CMBLOC.BIR.get(location), CMBLOC.OFST.get(location)]).toEqual([2, 0]);
    const rules = [CMBLOC.CQMMS, CMBLOC.CQPDS, CMBLOC.CDPMLS, CMBLOC.CDPCILS, CMBLOC.CDMMMS, CMBLOC.CQDA];
    expect(rules.map((rule) => rule.get(location))).toEqual([0, 0, 1, 1, 0, 0]);
    host.write32(REG_CMBMSC, 0);
    expect([host.read32(REG_CMBLOC), host.read32(REG_CMBSZ)]).toEqual([0, 0]);
  });

  it('drop reserved bits and read back what was written, whole or by halves', () => {
    const host = withMemory();
    host.write32(REG_CMBMSC, 0x1234_5fff);
    host.write32(REG_CMBMSC + 4, 0x0000_0099);
    expect([host.read32(REG_CMBMSC), host.read32(REG_CMBMSC + 4)]).toEqual([0x1234_5003, 0x99]);
    host.write64(REG_CMBMSC, CMB_BASE + CRE);
    expect([host.read32(REG_CMBMSC), host.read32(REG_CMBMSC + 4)]).toEqual([CRE, CMB_BASE / 2 ** 32]);
  });

  it.each([
    ['past the last address', 0xffff_f000, 0xffff_ffff],
    ['that ends past the last one of the model', 0xffff_f000, 0x000f_ffff],
  ])('say that a base address %s is invalid, until there is a valid one', (_, low, high) => {
    const host = withMemory().enable();
    host.write32(REG_CMBMSC + 4, high);
    host.write32(REG_CMBMSC, low | CRE);
    expect(host.read32(REG_CMBSTS)).toBe(0);
    host.write32(REG_CMBMSC, low | CRE | CMSE);
    expect(CMBSTS.CBAI.get(host.read32(REG_CMBSTS))).toBe(1);
    host.write64(REG_CMBMSC, CMB_BASE + CRE + CMSE);
    expect(host.read32(REG_CMBSTS)).toBe(0);
  });

  it('have no effect without CRE', () => {
    const host = withMemory().enable();
    host.write64(REG_CMBMSC, CMB_BASE + CMSE);
    expect(host.read32(REG_CMBSTS)).toBe(0);
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: CMB_BASE, cdw10: 1 }).code).not.toBe(0);
    host.write64(REG_CMBMSC, CMB_BASE + CMSE + CRE);
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: CMB_BASE, cdw10: 1 }).code).toBe(0);
  });

  it('refuse the addresses of the Persistent Memory Region, and take them when they are free', () => {
    const host = withMemory().enable();
    mapRegion(host);
    for (const base of [PMR_BASE, PMR_BASE - BYTES + PAGE_BYTES, PMR_BASE + BYTES - PAGE_BYTES]) {
      host.write64(REG_CMBMSC, base + CRE + CMSE);
      expect(CMBSTS.CBAI.get(host.read32(REG_CMBSTS))).toBe(1);
    }
    for (const base of [PMR_BASE - BYTES, PMR_BASE + BYTES]) {
      host.write64(REG_CMBMSC, base + CRE + CMSE);
      expect(host.read32(REG_CMBSTS)).toBe(0);
    }
    host.write64(REG_CMBMSC, PMR_BASE + CRE + CMSE);
    expect(CMBSTS.CBAI.get(host.read32(REG_CMBSTS))).toBe(1);
    host.write32(REG_PMRMSCL, 0);
    expect(host.read32(REG_CMBSTS)).toBe(0);
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: PMR_BASE, cdw10: 1 }).code).toBe(0);
    expect(new Uint8Array(host.memory.cmb!).some((byte) => byte !== 0)).toBe(true);
    host.write32(REG_PMRMSCL, CMSE);
    expect(PMRSTS.CBAI.get(host.read32(REG_PMRSTS))).toBe(1);
  });

  it('survive a controller reset, but not one of the subsystem', () => {
    const host = withMemory().enable();
    mapBuffer(host);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CMBMSC)).toBe(CRE | CMSE);
    host.enable();
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: CMB_BASE, cdw10: 1 }).code).toBe(0);
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    expect([host.read32(REG_CMBMSC), host.read32(REG_CMBSZ)]).toEqual([0, 0]);
    host.enable();
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: CMB_BASE, cdw10: 1 }).code).not.toBe(0);
  });
});

describe('the Controller Memory Buffer', () => {
  it('takes data, PRP lists and submission queues', () => {
    const host = withMemory().enable();
    const arena = mapBuffer(host);
    const completions = host.createPair(1).completions;
    const address = host.dma.allocate(PAGE_BYTES, { from: arena });
    const cdw10 = (63 << 16) | 2;
    const command = { opcode: ADMIN_CREATE_IO_SQ, prp1: host.iova(address), cdw10, cdw11: (1 << 16) | 1 };
    expect(host.run(command).code).toBe(0);
    const queue = new RawSubmissionQueue(host, 2, 64, host.dma.words(address, 1024), completions);
    const list = host.dma.allocate(PAGE_BYTES, { from: arena });
    const data = host.dma.allocate(3 * PAGE_BYTES, { from: arena });
    const pages = [0, 1, 2].map((i) => host.iova(data) + i * PAGE_BYTES);
    pages
      .slice(1)
      .forEach((page, i) => host.dma.words(list, 4).set([page % 2 ** 32, Math.floor(page / 2 ** 32)], i * 2));
    host.dma.bytes(data, 3 * PAGE_BYTES).forEach((_, i, bytes) => (bytes[i] = i % 251));
    const transfer = { nsid: 1, prp1: pages[0], prp2: host.iova(list), cdw12: 23 };
    expect(queue.execute({ opcode: NVM_WRITE, ...transfer }).code).toBe(0);
    host.dma.bytes(data, 3 * PAGE_BYTES).fill(0);
    expect(queue.execute({ opcode: NVM_READ, ...transfer }).code).toBe(0);
    expect(host.dma.bytes(data, 3 * PAGE_BYTES).every((byte, i) => byte === i % 251)).toBe(true);
  });

  it('takes a list of host pages, and a list in host memory takes its pages', () => {
    const host = withMemory().enable();
    const arena = mapBuffer(host);
    const queue = host.createPair(1);
    const [hostList, hostData] = [host.page(), host.data(3 * PAGE_BYTES)];
    const [ownList, ownData] = [PAGE_BYTES, 3 * PAGE_BYTES].map((bytes) => host.dma.allocate(bytes, { from: arena }));
    for (const [list, data] of [
      [ownList, hostData],
      [hostList, ownData],
    ] as const) {
      const rest = [1, 2].map((i) => host.iova(data + i * PAGE_BYTES));
      rest.forEach((page, i) => host.dma.words(list, 4).set([page % 2 ** 32, Math.floor(page / 2 ** 32)], i * 2));
      const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(data), prp2: host.iova(list), cdw12: 23 };
      expect(queue.execute(command).code).toBe(0);
    }
  });

  it('takes the admin submission queue, but no completion queue', () => {
    const host = withMemory();
    const arena = mapBuffer(host);
    const own = host.dma.allocate(PAGE_BYTES, { from: arena });
    const pair = host.queuePair(0, 64, 64);
    host.write32(REG_AQA, AQA.ASQS0.set(AQA.ACQS0.set(0, 63), 63));
    host.write64(REG_ASQ, host.iova(pair.sqAddress));
    host.write64(REG_ACQ, host.iova(own));
    host.write32(REG_CC, ENABLED);
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
    host.write32(REG_CC, 0);
    host.write64(REG_ASQ, host.iova(own));
    host.write64(REG_ACQ, host.iova(pair.cqAddress));
    host.write32(REG_CC, ENABLED);
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(1);
    const admin = new RawSubmissionQueue(host, 0, 64, host.dma.words(own, 1024), pair.completions);
    expect(admin.execute({ opcode: ADMIN_IDENTIFY, prp1: host.iova(host.page()), cdw10: 1 }).code).toBe(0);
    const completionQueue = { opcode: ADMIN_CREATE_IO_CQ, prp1: host.iova(own), cdw10: (15 << 16) | 1, cdw11: 1 };
    expect(admin.execute(completionQueue)).toMatchObject({ code: STATUS_INVALID_CMB_USE, dnr: true });
  });

  it('holds a queue whole or not at all, and data likewise', () => {
    const host = withMemory().enable();
    // The host's own memory goes on where the buffer ends.
    const data = host.data(4 * PAGE_BYTES);
    const base = host.iova(data) - BYTES + 2 * PAGE_BYTES;
    host.write64(REG_CMBMSC, base + CRE + CMSE);
    const last = base + BYTES - PAGE_BYTES;
    const pair = host.createPair(1);
    const create = { cdw10: (127 << 16) | 2, prp1: last };
    const submission = host.run({ opcode: ADMIN_CREATE_IO_SQ, ...create, cdw11: (1 << 16) | 1 });
    expect(submission).toMatchObject({ code: STATUS_INVALID_CMB_USE, dnr: true });
    const completion = host.run({ opcode: ADMIN_CREATE_IO_CQ, ...create, cdw10: (511 << 16) | 2, cdw11: 1 });
    expect(completion).toMatchObject({ code: STATUS_INVALID_CMB_USE, dnr: true });
    const transfer = { nsid: 1, prp1: last, prp2: last + PAGE_BYTES, cdw12: 15 };
    for (const opcode of [NVM_READ, NVM_WRITE]) {
      expect(pair.execute({ opcode, ...transfer })).toMatchObject({ code: STATUS_INVALID_CMB_USE, dnr: true });
    }
    const within = { ...transfer, prp1: last - PAGE_BYTES, prp2: last };
    for (const opcode of [NVM_READ, NVM_WRITE]) expect(pair.execute({ opcode, ...within }).code).toBe(0);
  });

  it('hides host memory at its addresses, and gives it back', () => {
    const host = withMemory().enable();
    const address = host.page();
    host.write64(REG_CMBMSC, host.iova(address) + CRE + CMSE);
    host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(address), cdw10: 1 });
    expect(host.dma.bytes(address, PAGE_BYTES).every((byte) => byte === 0)).toBe(true);
    expect(new Uint8Array(host.memory.cmb!).some((byte) => byte !== 0)).toBe(true);
    host.write32(REG_CMBMSC, 0);
    host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(address), cdw10: 1 });
    expect(host.dma.bytes(address, PAGE_BYTES).some((byte) => byte !== 0)).toBe(true);
  });
});

describe('the Persistent Memory Region', () => {
  it('is not there unless it was asked for', () => {
    const host = new RawHost();
    expect(CAP.PMRS.get(host.read32(REG_CAP), host.read32(REG_CAP + 4))).toBe(0);
    for (const offset of [REG_PMRCTL, REG_PMRMSCL, REG_PMRMSCU]) host.write32(offset, 0xffff_ffff);
    for (const offset of [REG_PMRCAP, REG_PMRCTL, REG_PMRSTS, REG_PMREBS, REG_PMRSWTP, REG_PMRMSCL, REG_PMRMSCU]) {
      expect(host.read32(offset)).toBe(0);
    }
  });

  it('says what it can do, and whether it is ready', () => {
    const host = withMemory();
    expect(CAP.PMRS.get(host.read32(REG_CAP), host.read32(REG_CAP + 4))).toBe(1);
    const capabilities = host.read32(REG_PMRCAP);
    const fields = [PMRCAP.RDS, PMRCAP.WDS, PMRCAP.BIR, PMRCAP.PMRWBM, PMRCAP.CMSS];
    expect(fields.map((field) => field.get(capabilities))).toEqual([1, 1, 4, 3, 1]);
    expect(host.read32(REG_PMRSTS)).toBe(0);
    host.write32(REG_PMRCTL, 0xffff_ffff);
    expect([host.read32(REG_PMRCTL), host.read32(REG_PMRSTS)]).toEqual([1, 0]);
    host.write32(REG_PMRCTL, 0);
    expect(PMRSTS.NRDY.get(host.read32(REG_PMRSTS))).toBe(1);
  });

  it('takes data while it is enabled and has addresses', () => {
    const host = withMemory().enable();
    const arena = mapRegion(host);
    const queue = host.createPair(1);
    const data = host.dma.allocate(2 * PAGE_BYTES, { from: arena });
    host.dma.bytes(data, 2 * PAGE_BYTES).fill(0x5a);
    const transfer = { nsid: 1, prp1: host.iova(data), prp2: host.iova(data) + PAGE_BYTES, cdw12: 15 };
    expect(queue.execute({ opcode: NVM_WRITE, ...transfer }).code).toBe(0);
    host.dma.bytes(data, 2 * PAGE_BYTES).fill(0);
    expect(queue.execute({ opcode: NVM_READ, ...transfer }).code).toBe(0);
    expect(host.dma.bytes(data, 2 * PAGE_BYTES).every((byte) => byte === 0x5a)).toBe(true);
    host.write32(REG_PMRCTL, 0);
    expect(queue.execute({ opcode: NVM_READ, ...transfer }).code).not.toBe(0);
  });

  it('takes no queue, and no data together with another memory', () => {
    const host = withMemory().enable();
    mapRegion(host);
    const queue = host.createPair(1);
    const create = { prp1: PMR_BASE, cdw10: (15 << 16) | 2, cdw11: (1 << 16) | 1 };
    expect(host.run({ opcode: ADMIN_CREATE_IO_SQ, ...create }).code).toBe(STATUS_INVALID_CMB_USE);
    expect(host.run({ opcode: ADMIN_CREATE_IO_CQ, ...create, cdw11: 1 }).code).toBe(STATUS_INVALID_CMB_USE);
    const transfer = { nsid: 1, prp1: PMR_BASE, prp2: host.iova(host.page()), cdw12: 15 };
    expect(queue.execute({ opcode: NVM_READ, ...transfer }).code).toBe(STATUS_INVALID_CMB_USE);
    mapBuffer(host);
    expect(queue.execute({ opcode: NVM_READ, ...transfer, prp2: CMB_BASE }).code).toBe(STATUS_INVALID_CMB_USE);
  });

  it('is no obstacle to a sanitize operation while it is enabled, or is one while it is not', () => {
    const host = withMemory().enable();
    mapRegion(host);
    const sanitize = { opcode: ADMIN_SANITIZE, cdw10: SANITIZE_ACTION_BLOCK_ERASE };
    expect(host.run(sanitize).code).toBe(STATUS_SANITIZE_PROHIBITED_PMR);
    host.write32(REG_PMRCTL, 0);
    expect(host.run(sanitize).code).toBe(0);
  });

  it('keeps its content when the subsystem is reset, but not its addresses', () => {
    const host = withMemory().enable();
    mapRegion(host);
    new Uint8Array(host.memory.pmr!).fill(0x77);
    host.write32(REG_CC, 0);
    expect([host.read32(REG_PMRCTL), host.read32(REG_PMRMSCL)]).toEqual([1, CMSE]);
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    expect([host.read32(REG_PMRCTL), host.read32(REG_PMRMSCL), host.read32(REG_PMRMSCU)]).toEqual([0, 0, 0]);
    expect(new Uint8Array(host.memory.pmr!).every((byte) => byte === 0x77)).toBe(true);
    host.enable();
    const queue = host.createPair(1);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: PMR_BASE }).code).not.toBe(0);
  });
});

describe('memory of the controller', () => {
  it.each([
    ['cmbBytes', 4097],
    ['cmbBytes', -4096],
    ['pmrBytes', 2 ** 31],
    ['pmrBytes', NaN],
  ])('is not made with %s %d', (name, bytes) => {
    expect(() => withMemory({ memory: { [name]: bytes } })).toThrow(
      new RegExp(`^${name}: expected a multiple of 4096`),
    );
  });

  it('is not needed for anything else: an address of nobody stays one', () => {
    const host = withMemory().enable();
    mapBuffer(host);
    const queue = host.createPair(1);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: NOWHERE }).code).not.toBe(0);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(0);
  });
});
