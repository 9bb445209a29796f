import {
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  ADMIN_FORMAT_NVM,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_KEEP_ALIVE,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  decodeErrorLogEntry,
  decodeSanitizeLog,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_SANITIZE_CONFIG,
  LOG_CHANGED_NAMESPACES,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_PERSISTENT_EVENT,
  LOG_RESERVATION_NOTIFICATION,
  LOG_SANITIZE_STATUS,
  LOG_SMART,
  LOG_TELEMETRY_HOST,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  REG_NSSR,
  SANITIZE_ACTION_BLOCK_ERASE,
  SANITIZE_ACTION_CRYPTO_ERASE,
  SANITIZE_ACTION_EXIT_FAILURE,
  SANITIZE_ACTION_EXIT_VERIFICATION,
  SANITIZE_ACTION_OVERWRITE,
  SANITIZE_CDW10,
  SANITIZE_PROGRESS_NONE,
  SANITIZE_STATE_IDLE,
  SANITIZE_STATE_MEDIA_VERIFICATION,
  SANITIZE_STATE_POST_VERIFICATION,
  SANITIZE_STATE_RESTRICTED_FAILURE,
  SANITIZE_STATE_RESTRICTED_PROCESSING,
  SANITIZE_STATE_UNRESTRICTED_FAILURE,
  SANITIZE_STATE_UNRESTRICTED_PROCESSING,
  SANITIZE_STATUS_FAILED,
  SANITIZE_STATUS_NEVER_STARTED,
  SANITIZE_STATUS_SANITIZED,
  SANITIZE_STATUS_SANITIZING,
  SANITIZE_STATUS_UNEXPECTED_DEALLOCATE,
  type SanitizeLog,
  STATUS_FORMAT_IN_PROGRESS,
  STATUS_INTERNAL_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_SANITIZE_FAILED,
  STATUS_SANITIZE_IN_PROGRESS,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import {
  begin,
  buffer,
  getFeature,
  heard,
  listen,
  readLog,
  resetController,
  setFeature,
} from '../../test-support/admin-calls.js';
import type { RawCommand, RawCompletion, RawHost, RawSubmissionQueue } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import type { Medium } from '../media/medium.js';
import { RamMedium } from '../media/ram-medium.js';
import type { SubsystemOptions } from '../subsystem-options.js';

const SANITIZE_MS = 1000;
const NSSR_VALUE = 0x4e56_4d65;

type Choice = Partial<Record<'SANACT' | 'AUSE' | 'OWPASS' | 'OIPBP' | 'NDAS' | 'EMVS', number>>;

function dword(choice: Choice): number {
  let value = 0;
  for (const [name, field] of Object.entries(choice)) value = SANITIZE_CDW10[name as keyof Choice].set(value, field);
  return value;
}

const sanitize = (host: RawHost, choice: Choice, fields: Partial<RawCommand> = {}): RawCompletion =>
  host.run({ opcode: ADMIN_SANITIZE, cdw10: dword(choice), ...fields });
const BLOCK_ERASE: Choice = { SANACT: SANITIZE_ACTION_BLOCK_ERASE };
const status = (host: RawHost): SanitizeLog => decodeSanitizeLog(readLog(host, LOG_SANITIZE_STATUS));

/** Media whose erasure fails as long as `isBroken`. */
class FragileMedium extends RamMedium {
  isBroken = false;

  override deallocate(transfer: Parameters<Medium['deallocate']>[0]): number {
    return this.isBroken ? STATUS_INTERNAL_ERROR : super.deallocate(transfer);
  }
}

class Scene extends SharedSubsystem {
  readonly media: readonly FragileMedium[];
  readonly queues: readonly RawSubmissionQueue[];

  constructor(options: Omit<SubsystemOptions, 'clock'> = {}) {
    const media = [1, 2].map(() => new FragileMedium({ bytes: 1024 * 1024 }));
    super(2, {
      durations: { sanitizeMs: SANITIZE_MS },
      namespaces: media.map((medium, i) => ({ nsid: i + 1, medium, shared: true })),
      ...options,
    });
    this.media = media;
    this.queues = this.hosts.map((host) => host.createPair(1));
  }

  io(opcode: number, nsid = 1, who = 0, fill = 0x5a): { code: number; dnr: boolean; data: Uint8Array } {
    const { data, fields } = buffer(this.hosts[who], 4096, fill);
    const { code, dnr } = this.queues[who].execute({ ...fields, opcode, nsid, cdw12: 7 });
    return { code, dnr, data };
  }
}

describe('a sanitize operation', () => {
  it.each([
    ['block erase', SANITIZE_ACTION_BLOCK_ERASE],
    ['overwrite', SANITIZE_ACTION_OVERWRITE],
    ['crypto erase', SANITIZE_ACTION_CRYPTO_ERASE],
  ])('(%s) leaves nothing in any namespace', (_, SANACT) => {
    const scene = new Scene({ durations: {} });
    const [host] = scene.hosts;
    expect([scene.io(NVM_WRITE, 1).code, scene.io(NVM_WRITE, 2).code]).toEqual([0, 0]);
    expect(sanitize(host, { SANACT }).code).toBe(0);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, sprog: SANITIZE_PROGRESS_NONE, gde: true });
    for (const nsid of [1, 2]) {
      const { code, data } = scene.io(NVM_READ, nsid);
      expect([code, data.every((byte) => byte === 0)]).toEqual([0, true]);
    }
  });

  it('was never started at first', () => {
    const [host] = new Scene().hosts;
    expect(status(host)).toMatchObject({
      sos: SANITIZE_STATUS_NEVER_STARTED,
      sprog: SANITIZE_PROGRESS_NONE,
      sans: SANITIZE_STATE_IDLE,
    });
  });

  it('shows its progress at every controller, and raises an event at the one that was asked', () => {
    const scene = new Scene();
    const [a, b] = scene.hosts;
    for (const host of scene.hosts) listen(host, 1);
    begin(a, { opcode: ADMIN_SANITIZE, cid: 9, cdw10: dword({ ...BLOCK_ERASE, AUSE: 1 }) });
    expect(a.admin.completions.drain()).toMatchObject([{ cid: 9, code: 0 }]);
    expect(status(a)).toMatchObject({
      sos: SANITIZE_STATUS_SANITIZING,
      sprog: 0,
      sans: SANITIZE_STATE_UNRESTRICTED_PROCESSING,
      scdw10: dword({ ...BLOCK_ERASE, AUSE: 1 }),
      gde: false,
      etbe: SANITIZE_MS / 1000,
    });
    scene.pass(SANITIZE_MS / 4);
    expect([status(a).sprog, status(b).sprog]).toEqual([0x4000, 0x4000]);
    scene.pass((SANITIZE_MS * 3) / 4);
    expect(heard(a)).toMatchObject([{ type: 6, information: 1, page: LOG_SANITIZE_STATUS }]);
    expect(heard(b)).toEqual([]);
    expect(status(b)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, sans: SANITIZE_STATE_IDLE });
  });

  it('counts overwrite passes; 0 means 16', () => {
    const scene = new Scene();
    const [host] = scene.hosts;
    sanitize(host, { SANACT: SANITIZE_ACTION_OVERWRITE, OWPASS: 3 });
    scene.pass(SANITIZE_MS * 2.5);
    expect(status(host).opc).toBe(2);
    scene.pass(SANITIZE_MS * 0.5);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, opc: 3 });
    sanitize(host, { SANACT: SANITIZE_ACTION_OVERWRITE });
    scene.pass(SANITIZE_MS * 15.9);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZING, opc: 15 });
    scene.pass(SANITIZE_MS * 0.1);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, opc: 16 });
  });

  it('says whether data was written since', () => {
    const scene = new Scene({ durations: {} });
    const [host] = scene.hosts;
    sanitize(host, BLOCK_ERASE);
    expect(status(host).gde).toBe(true);
    scene.io(NVM_WRITE, 1, 1);
    expect(status(host).gde).toBe(false);
  });

  it('closes namespaces to I/O at every controller, and commands on their way are aborted', () => {
    const scene = new Scene();
    sanitize(scene.hosts[0], BLOCK_ERASE);
    for (const who of [0, 1]) {
      for (const opcode of [NVM_READ, NVM_WRITE, NVM_FLUSH]) {
        expect(scene.io(opcode, 1, who)).toMatchObject({ code: STATUS_SANITIZE_IN_PROGRESS, dnr: false });
      }
    }
    scene.pass(SANITIZE_MS);
    expect(scene.io(NVM_READ).code).toBe(0);
  });

  it.each([
    ['Format NVM', { opcode: ADMIN_FORMAT_NVM, nsid: 1 }],
    ['Namespace Management', { opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 1, cdw10: 1 }],
    ['Namespace Attachment', { opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid: 1 }],
    ['Firmware Image Download', { opcode: ADMIN_FIRMWARE_DOWNLOAD, cdw10: 1023 }],
    ['Firmware Commit', { opcode: ADMIN_FIRMWARE_COMMIT, cdw10: 8 }],
    ['Device Self-test', { opcode: ADMIN_DEVICE_SELF_TEST, cdw10: 1 }],
    ['Directive Send', { opcode: ADMIN_DIRECTIVE_SEND, nsid: 1 }],
    ['Directive Receive', { opcode: ADMIN_DIRECTIVE_RECEIVE, nsid: 1 }],
    ['Security Send', { opcode: ADMIN_SECURITY_SEND }],
    ['Security Receive', { opcode: ADMIN_SECURITY_RECEIVE }],
    ['another Sanitize', { opcode: ADMIN_SANITIZE, cdw10: SANITIZE_ACTION_CRYPTO_ERASE }],
    ['the firmware slot log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_FIRMWARE_SLOT }],
    ['the telemetry log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_TELEMETRY_HOST | (127 << 16) }],
    ['the persistent event log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_PERSISTENT_EVENT | (127 << 16) }],
  ])('holds up %s', (_, command: RawCommand) => {
    const scene = new Scene();
    const [, host] = scene.hosts;
    sanitize(scene.hosts[0], BLOCK_ERASE);
    const run = (): number => host.run({ ...buffer(host, 4096).fields, ...command }).code;
    expect(run()).toBe(STATUS_SANITIZE_IN_PROGRESS);
    scene.pass(SANITIZE_MS);
    expect(run()).not.toBe(STATUS_SANITIZE_IN_PROGRESS);
  });

  it.each([
    ['Identify', { opcode: ADMIN_IDENTIFY, cdw10: 1 }],
    ['Get Features', { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES }],
    ['Keep Alive', { opcode: ADMIN_KEEP_ALIVE }],
    ['the SMART log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_SMART }],
    ['the error log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_ERROR_INFORMATION }],
    ['the list of changed namespaces', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_CHANGED_NAMESPACES }],
    ['the reservation log', { opcode: ADMIN_GET_LOG_PAGE, cdw10: LOG_RESERVATION_NOTIFICATION }],
  ])('does not hold up %s', (_, command: RawCommand) => {
    const scene = new Scene();
    const [host] = scene.hosts;
    sanitize(host, BLOCK_ERASE);
    expect(host.run({ ...buffer(host, 4096).fields, ...command }).code).toBe(0);
  });

  it('hides in the error log which blocks errors were about', () => {
    const scene = new Scene();
    const [host] = scene.hosts;
    scene.queues[0].execute({ opcode: NVM_READ, nsid: 1, cdw10: 0x4000, cdw12: 7 });
    const lba = (): number | bigint => decodeErrorLogEntry(readLog(host, LOG_ERROR_INFORMATION, 64)).lba;
    expect(lba()).toBe(0x4000);
    sanitize(host, BLOCK_ERASE);
    expect(lba()).toBe(0);
  });

  it('is not stopped by resets', () => {
    const scene = new Scene();
    const [host] = scene.hosts;
    sanitize(host, BLOCK_ERASE);
    scene.pass(SANITIZE_MS / 2);
    resetController(host);
    host.write32(REG_NSSR, NSSR_VALUE);
    for (const each of scene.hosts) each.enable();
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZING, sprog: 0x8000 });
    scene.pass(SANITIZE_MS / 2);
    expect(status(host).sos).toBe(SANITIZE_STATUS_SANITIZED);
  });

  it('leaves media that must not be deallocated to the No-Deallocate Response Mode', () => {
    const scene = new Scene({ durations: {} });
    const [host] = scene.hosts;
    const keeping = { ...BLOCK_ERASE, NDAS: 1 };
    expect(sanitize(host, keeping)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    expect(setFeature(host, FEATURE_SANITIZE_CONFIG, 1).code).toBe(0);
    expect(getFeature(host, FEATURE_SANITIZE_CONFIG).result).toBe(1);
    listen(host, 1);
    begin(host, { opcode: ADMIN_SANITIZE, cid: 2, cdw10: dword(keeping) });
    const all = host.admin.completions.drain();
    expect(all.map((each) => [each.cid, each.code]).sort()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(status(host).sos).toBe(SANITIZE_STATUS_UNEXPECTED_DEALLOCATE);
  });
});

describe('a sanitize operation that fails', () => {
  it('in restricted mode is left only by another one in restricted mode', () => {
    const scene = new Scene({ durations: {} });
    const [host] = scene.hosts;
    scene.media[1].isBroken = true;
    expect(sanitize(host, BLOCK_ERASE).code).toBe(0);
    expect(status(host)).toMatchObject({
      sos: SANITIZE_STATUS_FAILED,
      sans: SANITIZE_STATE_RESTRICTED_FAILURE,
      fails: SANITIZE_STATE_RESTRICTED_PROCESSING,
    });
    expect(scene.io(NVM_READ).code).toBe(STATUS_SANITIZE_FAILED);
    expect(sanitize(host, { SANACT: SANITIZE_ACTION_EXIT_FAILURE }).code).toBe(STATUS_SANITIZE_FAILED);
    expect(sanitize(host, { ...BLOCK_ERASE, AUSE: 1 }).code).toBe(STATUS_SANITIZE_FAILED);
    scene.media[1].isBroken = false;
    expect(sanitize(host, BLOCK_ERASE).code).toBe(0);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, sans: SANITIZE_STATE_IDLE, fails: 0 });
    expect(scene.io(NVM_READ).code).toBe(0);
  });

  it('in unrestricted mode is left by Exit Failure Mode', () => {
    const scene = new Scene({ durations: {} });
    const [host] = scene.hosts;
    scene.media[0].isBroken = true;
    sanitize(host, { ...BLOCK_ERASE, AUSE: 1 });
    expect(status(host)).toMatchObject({
      sos: SANITIZE_STATUS_FAILED,
      sans: SANITIZE_STATE_UNRESTRICTED_FAILURE,
      fails: SANITIZE_STATE_UNRESTRICTED_PROCESSING,
    });
    expect(scene.io(NVM_READ).code).toBe(STATUS_SANITIZE_FAILED);
    expect(sanitize(host, { SANACT: SANITIZE_ACTION_EXIT_FAILURE }).code).toBe(0);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_FAILED, sans: SANITIZE_STATE_IDLE });
    expect(scene.io(NVM_READ).code).toBe(0);
  });
});

describe('media verification', () => {
  const VERIFIED: Choice = { ...BLOCK_ERASE, EMVS: 1 };

  function verifying(): Scene {
    const scene = new Scene();
    sanitize(scene.hosts[0], VERIFIED);
    scene.pass(SANITIZE_MS);
    return scene;
  }

  it('lets hosts read, and nothing else, until it is left; then everything is deallocated again', () => {
    const scene = verifying();
    const [host] = scene.hosts;
    expect(status(host)).toMatchObject({
      sos: SANITIZE_STATUS_SANITIZING,
      sprog: SANITIZE_PROGRESS_NONE,
      sans: SANITIZE_STATE_MEDIA_VERIFICATION,
    });
    expect([scene.io(NVM_READ).code, scene.io(NVM_READ, 2, 1).code]).toEqual([0, 0]);
    expect(scene.io(NVM_WRITE).code).toBe(STATUS_SANITIZE_IN_PROGRESS);
    expect(sanitize(host, BLOCK_ERASE)).toMatchObject({ code: STATUS_INVALID_FIELD });
    expect(sanitize(host, { SANACT: SANITIZE_ACTION_EXIT_VERIFICATION }).code).toBe(0);
    expect(status(host)).toMatchObject({ sans: SANITIZE_STATE_POST_VERIFICATION, sprog: 0 });
    expect(scene.io(NVM_READ).code).toBe(STATUS_SANITIZE_IN_PROGRESS);
    scene.pass(SANITIZE_MS);
    expect(status(host)).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, sans: SANITIZE_STATE_IDLE, mvcncld: false });
  });

  it('raises an event when it begins and when it is over', () => {
    const scene = new Scene();
    const [host] = scene.hosts;
    sanitize(host, VERIFIED);
    listen(host, 1, 2);
    scene.pass(SANITIZE_MS);
    expect(heard(host)).toMatchObject([{ cid: 1, information: 3, page: LOG_SANITIZE_STATUS }]);
    readLog(host, LOG_SANITIZE_STATUS);
    sanitize(host, { SANACT: SANITIZE_ACTION_EXIT_VERIFICATION });
    scene.pass(SANITIZE_MS);
    expect(heard(host)).toMatchObject([{ cid: 2, information: 1, page: LOG_SANITIZE_STATUS }]);
  });

  it('is canceled by a reset of the subsystem', () => {
    const scene = verifying();
    scene.hosts[1].write32(REG_NSSR, NSSR_VALUE);
    for (const host of scene.hosts) host.enable();
    scene.pass(SANITIZE_MS);
    expect(status(scene.hosts[0])).toMatchObject({ sos: SANITIZE_STATUS_SANITIZED, mvcncld: true });
  });
});

describe('Sanitize is refused', () => {
  it.each([
    ['no action', {}],
    ['action 6', { SANACT: 6 }],
    ['leaving a verification that does not go on', { SANACT: SANITIZE_ACTION_EXIT_VERIFICATION }],
    ['verification after an overwrite', { SANACT: SANITIZE_ACTION_OVERWRITE, EMVS: 1 }],
    ['verification of what is not deallocated', { ...BLOCK_ERASE, EMVS: 1, NDAS: 1 }],
  ])('for %s', (_, choice) => {
    const scene = new Scene();
    expect(sanitize(scene.hosts[0], choice)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    expect(status(scene.hosts[0]).sos).toBe(SANITIZE_STATUS_NEVER_STARTED);
  });

  it('for one namespace', () => {
    const [host] = new Scene().hosts;
    expect(sanitize(host, BLOCK_ERASE, { nsid: 1 })).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('while a namespace is write protected', () => {
    const scene = new Scene();
    setFeature(scene.hosts[1], FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 2 });
    expect(sanitize(scene.hosts[0], BLOCK_ERASE).code).toBe(STATUS_NAMESPACE_WRITE_PROTECTED);
  });

  it('while a namespace is being formatted', () => {
    const scene = new Scene({ durations: { formatMs: 100 } });
    begin(scene.hosts[1], { opcode: ADMIN_FORMAT_NVM, cid: 1, nsid: 2 });
    expect(sanitize(scene.hosts[0], BLOCK_ERASE)).toMatchObject({ code: STATUS_FORMAT_IN_PROGRESS, dnr: false });
    scene.pass(100);
    expect(sanitize(scene.hosts[0], BLOCK_ERASE).code).toBe(0);
  });

  it('leaving a failure that is none succeeds', () => {
    expect(sanitize(new Scene().hosts[0], { SANACT: SANITIZE_ACTION_EXIT_FAILURE }).code).toBe(0);
  });
});
