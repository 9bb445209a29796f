import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_FORMAT_NVM,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_OPCODES,
  ADMIN_SANITIZE,
  CC,
  CC_CSS_ALL,
  COMMAND_EFFECTS,
  FEATURE_EFFECTS,
  FEATURE_EFFECTS_BYTES,
  FEATURE_ERROR_RECOVERY,
  FEATURE_SANITIZE_CONFIG,
  FEATURE_VOLATILE_WRITE_CACHE,
  LOG_COMMAND_EFFECTS,
  LOG_FEATURE_EFFECTS,
  NVM_OPCODES,
  NVM_READ,
  NVM_RESERVATION_REGISTER,
  NVM_WRITE,
  REG_CC,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
  decodeSupportedFeatures,
  readUint32,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, logDword, readLog, receive } from '../../test-support/admin-calls.js';
import { ENABLED, RawHost, type RawHostOptions } from '../../test-support/raw-host.js';

const started = (options: RawHostOptions = {}): RawHost => new RawHost(options).enable();

describe('Feature Identifiers Supported and Effects', () => {
  it.each([true, false])('agrees with what Get Features takes (volatile write cache %s)', (vwc) => {
    const host = started({ vwc });
    const supported = decodeSupportedFeatures(readLog(host, LOG_FEATURE_EFFECTS, FEATURE_EFFECTS_BYTES));
    expect(supported.includes(FEATURE_VOLATILE_WRITE_CACHE)).toBe(vwc);
    const { fields } = buffer(host, 4096);
    for (let id = 0; id < 256; id++) {
      const codes = [0, 1].map((nsid) => host.run({ ...fields, opcode: ADMIN_GET_FEATURES, nsid, cdw10: id }).code);
      const isTaken = codes.some((code) => code === 0);
      expect([id, isTaken]).toEqual([id, supported.includes(id)]);
      if (!isTaken) expect(codes[0]).toBe(STATUS_INVALID_FIELD);
    }
  });

  it('says what features belong to', () => {
    const data = readLog(started(), LOG_FEATURE_EFFECTS, FEATURE_EFFECTS_BYTES);
    const scope = (id: number): number => FEATURE_EFFECTS.FSP.get(readUint32(data, id * 4));
    // Bits: namespace, controller, NVM Set, Endurance Group, domain, subsystem.
    expect([1, FEATURE_ERROR_RECOVERY, FEATURE_SANITIZE_CONFIG].map(scope)).toEqual([0b10, 0b1, 0b10_0000]);
  });
});

describe('Commands Supported and Effects', () => {
  const pageOf = (host: RawHost, cdw14 = 0): Uint8Array =>
    receive(host, 4096, { opcode: ADMIN_GET_LOG_PAGE, cdw10: logDword(LOG_COMMAND_EFFECTS, 4096), cdw14 });

  it('agrees with what is an invalid opcode', () => {
    const host = started();
    const data = pageOf(host);
    const queue = host.createPair(1);
    for (const [opcode] of ADMIN_OPCODES) {
      if (opcode === ADMIN_ASYNC_EVENT_REQUEST) continue;
      const isSupported = (data[opcode * 4] & 1) === 1;
      expect([opcode, host.run({ opcode }).code === STATUS_INVALID_OPCODE]).toEqual([opcode, !isSupported]);
    }
    for (const [opcode] of NVM_OPCODES) {
      const isSupported = (data[1024 + opcode * 4] & 1) === 1;
      expect([opcode, queue.execute({ opcode }).code === STATUS_INVALID_OPCODE]).toEqual([opcode, !isSupported]);
    }
  });

  it('tells command sets apart for a host that has enabled all of them', () => {
    const host = started();
    const isEmpty = (data: Uint8Array): boolean => data.subarray(1024, 2048).every((byte) => byte === 0);
    const zoned = 2 << 24;
    expect(isEmpty(pageOf(host, zoned))).toBe(false);
    host.write32(REG_CC, 0);
    host.write32(REG_CC, CC.CSS.set(ENABLED, CC_CSS_ALL));
    host.admin.tail = host.admin.completions.head = 0;
    host.admin.completions.phase = 1;
    host.admin.completions.words.fill(0);
    expect(isEmpty(pageOf(host, zoned))).toBe(true);
    expect(isEmpty(pageOf(host))).toBe(false);
  });

  it('says what commands may change', () => {
    const data = pageOf(started());
    const changes = (at: number): string[] => {
      const word = readUint32(data, at);
      return (['LBCC', 'NCC', 'NIC', 'CCC'] as const).filter((name) => COMMAND_EFFECTS[name].get(word) === 1);
    };
    const admin = (opcode: number): string[] => changes(opcode * 4);
    const io = (opcode: number): string[] => changes(1024 + opcode * 4);
    expect(admin(ADMIN_IDENTIFY)).toEqual([]);
    expect(admin(ADMIN_FORMAT_NVM)).toEqual(['LBCC', 'NCC']);
    expect(admin(ADMIN_SANITIZE)).toEqual(['LBCC']);
    expect(admin(ADMIN_NAMESPACE_MANAGEMENT)).toEqual(['NCC', 'NIC']);
    expect(admin(ADMIN_NAMESPACE_ATTACHMENT)).toEqual(['NIC']);
    expect([io(NVM_READ), io(NVM_WRITE), io(NVM_RESERVATION_REGISTER)]).toEqual([[], ['LBCC'], []]);
  });

  it('has shadow doorbells only where they are offered', () => {
    const has = (options: RawHostOptions): number => readUint32(pageOf(started(options)), 0x7c * 4) & 1;
    expect([has({}), has({ shadowDoorbells: 'polling' })]).toEqual([0, 1]);
  });
});
