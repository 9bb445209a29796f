import {
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  decodeFirmwareSlotLog,
  decodeIdentifyController,
  FEATURE_ASYNC_EVENT_CONFIG,
  FIRMWARE_COMMIT_ACTIVATE,
  FIRMWARE_COMMIT_ACTIVATE_NOW,
  FIRMWARE_COMMIT_CDW10,
  FIRMWARE_COMMIT_REPLACE,
  FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE,
  IDENTIFY_CNS_CONTROLLER,
  LOG_FIRMWARE_SLOT,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FIRMWARE_IMAGE,
  STATUS_INVALID_FIRMWARE_SLOT,
  STATUS_OVERLAPPING_RANGE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { begin, identify, listen, readLog, resetController, send, setFeature } from '../../test-support/admin-calls.js';
import { NOWHERE, type RawCompletion, RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { createFirmwareImage } from './firmware-image.js';

const PIECE = 4096;

const started = (options: RawHostOptions = {}): RawHost => new RawHost({ firmware: '1.0', ...options }).enable();
const piece = (host: RawHost, data: Uint8Array, offset: number): RawCompletion =>
  send(host, data, { opcode: ADMIN_FIRMWARE_DOWNLOAD, cdw10: data.length / 4 - 1, cdw11: offset / 4 });
const commit = (host: RawHost, action: number, slot = 0): RawCompletion =>
  host.run({
    opcode: ADMIN_FIRMWARE_COMMIT,
    cdw10: FIRMWARE_COMMIT_CDW10.FS.set(FIRMWARE_COMMIT_CDW10.CA.set(0, action), slot),
  });
const slots = (host: RawHost): ReturnType<typeof decodeFirmwareSlotLog> =>
  decodeFirmwareSlotLog(readLog(host, LOG_FIRMWARE_SLOT));
const running = (host: RawHost): string => decodeIdentifyController(identify(host, IDENTIFY_CNS_CONTROLLER)).fr;

/** Sends an image in pieces, in the order of `order`. */
function download(host: RawHost, image: Uint8Array, order?: readonly number[]): void {
  const numbers = order ?? Array.from({ length: image.length / PIECE }, (_, i) => i);
  for (const i of numbers) {
    const { code } = piece(host, image.subarray(i * PIECE, (i + 1) * PIECE), i * PIECE);
    if (code !== 0) throw new Error(`expected success, got status ${code.toString(16)}`);
  }
}

describe('firmware', () => {
  it('at first is in slot 1, which is read only', () => {
    const host = started();
    expect(slots(host)).toMatchObject({ activeSlot: 1, nextSlot: 0, revisions: ['1.0', '', '', '', '', '', ''] });
    const { frmw, fwug } = decodeIdentifyController(identify(host, IDENTIFY_CNS_CONTROLLER));
    expect([frmw & 1, (frmw >> 1) & 7, (frmw >> 4) & 1, fwug]).toEqual([1, 3, 1, 1]);
  });

  it('that is put into a slot stays there until it is activated', () => {
    const host = started();
    download(host, createFirmwareImage('2.0', 3 * PIECE));
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(0);
    expect(slots(host)).toMatchObject({ activeSlot: 1, nextSlot: 0, revisions: ['1.0', '2.0', '', '', '', '', ''] });
    resetController(host);
    expect(running(host)).toBe('1.0');
    expect(commit(host, FIRMWARE_COMMIT_ACTIVATE, 2).code).toBe(0);
    expect([running(host), slots(host).nextSlot]).toEqual(['1.0', 2]);
    resetController(host);
    expect(running(host)).toBe('2.0');
    expect(slots(host)).toMatchObject({ activeSlot: 2, nextSlot: 0 });
  });

  it('is put into a slot and activated by the next reset', () => {
    const host = started();
    download(host, createFirmwareImage('2.0'));
    expect(commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE, 3).code).toBe(0);
    expect(slots(host)).toMatchObject({ activeSlot: 1, nextSlot: 3 });
    resetController(host);
    expect(running(host)).toBe('2.0');
  });

  it('is activated at once, and every controller says so', () => {
    const { hosts } = new SharedSubsystem(2, { firmware: '1.0' });
    const [a, b] = hosts;
    for (const host of hosts) {
      setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0x200);
      listen(host, 1);
    }
    download(a, createFirmwareImage('2.0'));
    const cdw10 = FIRMWARE_COMMIT_CDW10.CA.set(2, FIRMWARE_COMMIT_ACTIVATE_NOW);
    begin(a, { opcode: ADMIN_FIRMWARE_COMMIT, cid: 9, cdw10 });
    for (const host of hosts) host.settle();
    const result = 2 | (1 << 8) | (LOG_FIRMWARE_SLOT << 16);
    expect(a.admin.completions.drain().find((each) => each.cid === 1)).toMatchObject({ code: 0, result });
    expect(b.admin.completions.drain()).toMatchObject([{ cid: 1, code: 0, result }]);
    expect([running(a), running(b), slots(b).activeSlot]).toEqual(['2.0', '2.0', 2]);
  });

  it('that is there already is activated at once when nothing was downloaded', () => {
    const host = started();
    download(host, createFirmwareImage('2.0'));
    commit(host, FIRMWARE_COMMIT_REPLACE, 2);
    expect(commit(host, FIRMWARE_COMMIT_ACTIVATE_NOW, 2).code).toBe(0);
    expect(running(host)).toBe('2.0');
    expect(commit(host, FIRMWARE_COMMIT_ACTIVATE_NOW, 1).code).toBe(0);
    expect(running(host)).toBe('1.0');
  });

  it('goes into an empty slot, and then into one that does not run, when the host leaves the choice', () => {
    const host = started();
    for (const revision of ['2.0', '3.0']) {
      download(host, createFirmwareImage(revision));
      expect(commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE).code).toBe(0);
      resetController(host);
    }
    expect(slots(host)).toMatchObject({ activeSlot: 3, revisions: ['1.0', '2.0', '3.0', '', '', '', ''] });
    download(host, createFirmwareImage('4.0'));
    commit(host, FIRMWARE_COMMIT_REPLACE);
    expect(slots(host)).toMatchObject({ activeSlot: 3, revisions: ['1.0', '4.0', '3.0', '', '', '', ''] });
  });

  it('may come in any order', () => {
    const host = started();
    download(host, createFirmwareImage('2.0', 4 * PIECE), [2, 0, 3, 1]);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(0);
  });

  it('of a single slot can be replaced, and runs only after it was activated', () => {
    const host = started({ firmwareSlots: 1 });
    download(host, createFirmwareImage('2.0'));
    expect(commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE, 1).code).toBe(0);
    expect([running(host), slots(host).revisions[0]]).toEqual(['1.0', '2.0']);
    resetController(host);
    expect(running(host)).toBe('2.0');
  });

  it('that is downloaded is forgotten by a reset, and by the first piece after a commit', () => {
    const host = started();
    const image = createFirmwareImage('2.0');
    download(host, image);
    resetController(host);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(STATUS_INVALID_FIRMWARE_IMAGE);
    download(host, image);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(0);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(STATUS_INVALID_FIRMWARE_IMAGE);
    // It does not overlap the image before.
    download(host, image);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 3).code).toBe(0);
  });

  it('that several controllers download at a time is noticed', () => {
    const [a, b] = new SharedSubsystem(2).hosts;
    const image = createFirmwareImage('2.0');
    expect(piece(a, image.subarray(0, PIECE), 0).result).toBe(0);
    expect(piece(b, image.subarray(PIECE), PIECE).result).toBe(1);
    expect(commit(a, FIRMWARE_COMMIT_REPLACE, 2)).toMatchObject({ code: 0, result: 1 });
  });

  it('is not sanitized around while it waits for a reset', () => {
    const host = started();
    download(host, createFirmwareImage('2.0'));
    commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE, 2);
    expect(host.run({ opcode: 0x84, cdw10: 2 }).code).toBe(STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET);
    resetController(host);
    expect(host.run({ opcode: 0x84, cdw10: 2 }).code).toBe(0);
  });
});

describe('Firmware Image Download is refused', () => {
  const image = createFirmwareImage('2.0');
  it.each([
    ['a length that is not a multiple of the granularity', 2048, 0, STATUS_INVALID_FIELD],
    ['an offset that is not a multiple of the granularity', PIECE, 2048, STATUS_INVALID_FIELD],
    ['an offset past the largest image', PIECE, 16 * 1024 * 1024, STATUS_OVERLAPPING_RANGE],
    ['the last offset there is', PIECE, 0xffff_fc00 * 4, STATUS_OVERLAPPING_RANGE],
  ])('for %s', (_, bytes, offset, code) => {
    const host = started();
    expect(piece(host, image.subarray(0, bytes), offset)).toMatchObject({ code, dnr: true });
  });

  it('for more than MDTS', () => {
    const host = started({ mdts: 1 });
    const command = { opcode: ADMIN_FIRMWARE_DOWNLOAD, cdw10: (3 * PIECE) / 4 - 1 };
    expect(host.run(command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('for a piece that overlaps another one; the image is none the worse for it', () => {
    const host = started();
    download(host, image);
    expect(piece(host, new Uint8Array(PIECE), PIECE)).toMatchObject({ code: STATUS_OVERLAPPING_RANGE, dnr: true });
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(0);
  });

  it('from nowhere', () => {
    const command = { opcode: ADMIN_FIRMWARE_DOWNLOAD, cdw10: PIECE / 4 - 1, prp1: NOWHERE };
    expect(started().run(command)).toMatchObject({ code: STATUS_DATA_TRANSFER_ERROR, dnr: false });
  });
});

describe('Firmware Commit is refused', () => {
  it.each([4, 5, 6, 7])('for action %i', (action) => {
    const host = started();
    download(host, createFirmwareImage('2.0'));
    expect(commit(host, action, 2)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    // A field that is wrong leaves the image alone.
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(0);
  });

  it.each([
    ['replacing the read only slot', FIRMWARE_COMMIT_REPLACE, 1, STATUS_INVALID_FIRMWARE_SLOT],
    ['a slot past the last', FIRMWARE_COMMIT_REPLACE, 4, STATUS_INVALID_FIRMWARE_SLOT],
    ['activating a slot past the last', FIRMWARE_COMMIT_ACTIVATE, 7, STATUS_INVALID_FIRMWARE_SLOT],
    ['activating an empty slot', FIRMWARE_COMMIT_ACTIVATE, 2, STATUS_INVALID_FIRMWARE_IMAGE],
  ])('for %s', (_, action, slot, code) => {
    const host = started();
    download(host, createFirmwareImage('2.0'));
    expect(commit(host, action, slot)).toMatchObject({ code, dnr: true });
    expect(slots(host)).toMatchObject({ activeSlot: 1, nextSlot: 0, revisions: ['1.0', '', '', '', '', '', ''] });
  });

  it.each([FIRMWARE_COMMIT_REPLACE, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE])(
    'for action %i without an image',
    (action) => {
      expect(commit(started(), action, 2)).toMatchObject({ code: STATUS_INVALID_FIRMWARE_IMAGE, dnr: true });
    },
  );

  it.each([
    ['with a gap', [0, 2]],
    ['without its end', [0, 1]],
    ['without its beginning', [1, 2]],
  ])('for an image %s', (_, order) => {
    const host = started();
    download(host, createFirmwareImage('2.0', 3 * PIECE), order);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE, 2).code).toBe(STATUS_INVALID_FIRMWARE_IMAGE);
    expect(slots(host).revisions[1]).toBe('');
  });

  it.each([
    ['another magic', 0],
    ['another revision', 8],
    ['another length', 16],
    ['a flipped bit at the end', 2 * PIECE - 1],
  ])('for an image with %s', (_, at) => {
    const host = started();
    const image = createFirmwareImage('2.0');
    image[at] ^= 1;
    download(host, image);
    expect(commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE, 2).code).toBe(STATUS_INVALID_FIRMWARE_IMAGE);
    resetController(host);
    expect(running(host)).toBe('1.0');
  });
});

describe('createFirmwareImage is refused', () => {
  it.each([
    ['an empty revision', '', PIECE, /revision/],
    ['a revision of 9 characters', '123456789', PIECE, /revision/],
    ['a revision with a control character', 'a\n', PIECE, /revision/],
    ['a length that is no multiple', '1', PIECE + 1, /bytes/],
    ['no length', '1', 0, /bytes/],
    ['a length that is too much', '1', 17 * 1024 * 1024, /bytes/],
  ])('%s', (_, revision, bytes, message) => {
    expect(() => createFirmwareImage(revision, bytes)).toThrow(RangeError);
    expect(() => createFirmwareImage(revision, bytes)).toThrow(message);
  });
});
