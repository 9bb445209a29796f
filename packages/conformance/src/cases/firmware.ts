import {
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  decodeFirmwareSlotLog,
  decodeIdentifyController,
  FIRMWARE_COMMIT_ACTIVATE,
  FIRMWARE_COMMIT_ACTIVATE_NOW,
  FIRMWARE_COMMIT_CDW10,
  FIRMWARE_COMMIT_REPLACE,
  FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE,
  type FirmwareSlotLog,
  FRMW_ACTIVATION_WITHOUT_RESET,
  FRMW_SLOT_1_READ_ONLY,
  FRMW_SLOTS_MASK,
  FRMW_SLOTS_SHIFT,
  FWSLOT_BYTES,
  IDENTIFY_CNS_CONTROLLER,
  LOG_FIRMWARE_SLOT,
  OACS_FIRMWARE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FIRMWARE_IMAGE,
  STATUS_INVALID_FIRMWARE_SLOT,
  STATUS_OVERLAPPING_RANGE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { identifyData, logData } from './commands.js';

const list = new CaseList('firmware');
const FWUG_UNIT_BYTES = 4096;
/** FWUG: there are no requirements. */
const FWUG_NONE = 0xff;

function skipWithoutFirmware({ identify }: ControllerFacts): string | undefined {
  return (identify.oacs & OACS_FIRMWARE) !== 0 ? undefined : 'no firmware commands';
}

function slots({ identify }: ControllerFacts): number {
  return (identify.frmw >>> FRMW_SLOTS_SHIFT) & FRMW_SLOTS_MASK;
}

/** A slot that can be written, and that is not the one which the controller begins with; 0 for none. */
function spareSlot(facts: ControllerFacts): number {
  return slots(facts) > 1 ? slots(facts) : 0;
}

function skipWithoutImage(facts: ControllerFacts): string | undefined {
  if (facts.firmwareImage === undefined) return 'the target has no firmware image to try';
  if (spareSlot(facts) === 0) return 'no second firmware slot';
  return skipWithoutFirmware(facts);
}

function skipWithoutGranularity(facts: ControllerFacts): string | undefined {
  const { fwug } = facts.identify;
  return fwug !== 0 && fwug !== FWUG_NONE ? skipWithoutFirmware(facts) : 'FWUG demands no granularity';
}

const hasFirmware = { skip: skipWithoutFirmware };
const hasImage = { skip: skipWithoutImage };

/** Bytes in which images come in pieces. */
function granularity({ identify }: ControllerFacts): number {
  return identify.fwug === 0 || identify.fwug === FWUG_NONE ? FWUG_UNIT_BYTES : identify.fwug * FWUG_UNIT_BYTES;
}

/** Firmware Image Download of one piece. */
function download(
  host: ConformanceHost,
  piece: Uint8Array,
  offset: number,
  changes: Partial<RawCommand> = {},
): Promise<RawCompletion> {
  const address = host.memory.data(piece.length);
  host.memory.bytes(address, piece.length).set(piece);
  const place = host.memory.prps(address, piece.length);
  const range = { cdw10: piece.length / 4 - 1, cdw11: offset / 4 };
  return host.run({ opcode: ADMIN_FIRMWARE_DOWNLOAD, ...place, ...range, ...changes });
}

/** Downloads a whole image, in pieces in the order given. */
async function downloadImage(host: ConformanceHost, image: Uint8Array, isReversed = false): Promise<void> {
  const step = granularity(host.facts);
  const offsets = Array.from({ length: Math.ceil(image.length / step) }, (_, i) => i * step);
  if (isReversed) offsets.reverse();
  for (const offset of offsets) demandSuccess(await download(host, image.slice(offset, offset + step), offset));
}

function commit(host: ConformanceHost, action: number, slot: number): Promise<RawCompletion> {
  const cdw10 = FIRMWARE_COMMIT_CDW10.FS.set(FIRMWARE_COMMIT_CDW10.CA.set(0, action), slot);
  return host.run({ opcode: ADMIN_FIRMWARE_COMMIT, cdw10 });
}

async function slotLog(host: ConformanceHost): Promise<FirmwareSlotLog> {
  const { completion, data } = await logData(host, LOG_FIRMWARE_SLOT, FWSLOT_BYTES);
  demandSuccess(completion);
  return decodeFirmwareSlotLog(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

async function revision(host: ConformanceHost): Promise<string> {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  return decodeIdentifyController(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).fr.trim();
}

/** Runs something that may change what firmware is active, and goes back to what was. */
async function restoring(host: ConformanceHost, run: (before: FirmwareSlotLog) => Promise<void>): Promise<void> {
  const before = await slotLog(host);
  try {
    await run(before);
  } finally {
    await commit(host, FIRMWARE_COMMIT_ACTIVATE, before.activeSlot);
    await host.disable();
    await host.enable();
  }
}

list.accepts(
  '[Base] 5.1.12.1.4',
  'the slot log says which slot is active, and the revision in it is that of Identify',
  async (host) => {
    const { activeSlot, revisions } = await slotLog(host);
    demand(activeSlot >= 1 && activeSlot <= 7, `active slot: expected 1 to 7, got ${activeSlot}`);
    demandEqual(revisions[activeSlot - 1]?.trim(), await revision(host), 'revision of the active slot');
  },
);

for (const [name, isReversed] of [
  ['in order', false],
  ['in reverse order', true],
] as const) {
  list.accepts(
    '[Base] 5.1.9',
    `an image that comes ${name} is committed to a slot without being activated`,
    async (host) => {
      const running = await revision(host);
      const before = await slotLog(host);
      await downloadImage(host, host.facts.firmwareImage!, isReversed);
      const slot = spareSlot(host.facts);
      demandSuccess(await commit(host, FIRMWARE_COMMIT_REPLACE, slot));
      const after = await slotLog(host);
      demandEqual(after.activeSlot, before.activeSlot, 'active slot');
      demandEqual(await revision(host), running, 'revision that runs');
      demand((after.revisions[slot - 1] ?? '').trim() !== '', `slot ${slot}: expected a revision, got none`);
    },
    hasImage,
  );
}

list.accepts(
  '[Base] 5.1.8',
  'an image that was committed with activation runs after a controller reset, and not before',
  async (host) => {
    await restoring(host, async (before) => {
      const slot = spareSlot(host.facts);
      await downloadImage(host, host.facts.firmwareImage!);
      demandSuccess(await commit(host, FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE, slot));
      const pending = await slotLog(host);
      demandEqual(pending.activeSlot, before.activeSlot, 'active slot before the reset');
      demandEqual(pending.nextSlot, slot, 'slot to be active next');
      await host.disable();
      await host.enable();
      const after = await slotLog(host);
      demandEqual(after.activeSlot, slot, 'active slot after the reset');
      demandEqual(await revision(host), after.revisions[slot - 1]?.trim(), 'revision of Identify');
    });
  },
  hasImage,
);

list.accepts(
  '[Base] 5.1.8',
  'an image is activated without a reset where FRMW offers that',
  async (host) => {
    await restoring(host, async () => {
      const slot = spareSlot(host.facts);
      await downloadImage(host, host.facts.firmwareImage!);
      const completion = await commit(host, FIRMWARE_COMMIT_ACTIVATE_NOW, slot);
      demandStatus(completion, [0, STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET]);
      if (completion.code === 0) demandEqual((await slotLog(host)).activeSlot, slot, 'active slot');
    });
  },
  {
    skip: (facts) =>
      facts.identify.frmw & FRMW_ACTIVATION_WITHOUT_RESET ? skipWithoutImage(facts) : 'FRMW offers no activation so',
  },
);

list.refuses(
  '[Base] 3.11',
  'what was downloaded before a controller reset cannot be committed after it',
  async (host) => {
    await downloadImage(host, host.facts.firmwareImage!);
    await host.disable();
    await host.enable();
    const completion = await commit(host, FIRMWARE_COMMIT_REPLACE, spareSlot(host.facts));
    demandStatus(completion, [STATUS_INVALID_FIRMWARE_IMAGE]);
  },
  hasImage,
);

list.refuses(
  '[Base] 5.1.8',
  'an image with a piece missing is refused',
  async (host) => {
    const image = host.facts.firmwareImage!;
    const step = granularity(host.facts);
    for (let at = step; at < image.length; at += step)
      demandSuccess(await download(host, image.slice(at, at + step), at));
    const completion = await commit(host, FIRMWARE_COMMIT_REPLACE, spareSlot(host.facts));
    demandStatus(completion, [STATUS_INVALID_FIRMWARE_IMAGE]);
  },
  hasImage,
);

list.refuses(
  '[Base] 5.1.8',
  'an image that is none is refused, and the slots stay as they are',
  async (host) => {
    const before = JSON.stringify(await slotLog(host));
    demandSuccess(await download(host, new Uint8Array(granularity(host.facts)).fill(0x5a), 0));
    const completion = await commit(host, FIRMWARE_COMMIT_REPLACE, spareSlot(host.facts));
    demandStatus(completion, [STATUS_INVALID_FIRMWARE_IMAGE]);
    demandEqual(JSON.stringify(await slotLog(host)), before, 'slots');
  },
  { skip: (facts) => (spareSlot(facts) > 0 ? skipWithoutFirmware(facts) : 'no second firmware slot') },
);

list.refuses(
  '[Base] 5.1.8',
  'a slot that does not exist is refused',
  async (host) => {
    for (const action of [FIRMWARE_COMMIT_REPLACE, FIRMWARE_COMMIT_ACTIVATE]) {
      demandStatus(await commit(host, action, slots(host.facts) + 1), [STATUS_INVALID_FIRMWARE_SLOT]);
    }
  },
  { skip: (facts) => (slots(facts) < 7 ? skipWithoutFirmware(facts) : 'every slot exists') },
);

list.refuses(
  '[Base] 5.1.8',
  'the first slot is not replaced where it is read only',
  async (host) => {
    if (host.facts.firmwareImage !== undefined) await downloadImage(host, host.facts.firmwareImage);
    demandStatus(await commit(host, FIRMWARE_COMMIT_REPLACE, 1), [
      STATUS_INVALID_FIRMWARE_SLOT,
      STATUS_INVALID_FIRMWARE_IMAGE,
    ]);
  },
  { skip: (facts) => (facts.identify.frmw & FRMW_SLOT_1_READ_ONLY ? skipWithoutFirmware(facts) : 'slot 1 is not') },
);

for (const action of [4, 5]) {
  list.refuses(
    '[Base] 5.1.8',
    `reserved commit action ${action} is an invalid field`,
    async (host) => demandStatus(await commit(host, action, 1), [STATUS_INVALID_FIELD]),
    hasFirmware,
  );
}

const GRANULARITY = [STATUS_INVALID_FIELD, STATUS_OVERLAPPING_RANGE];
list.refuses(
  '[Base] 5.1.9',
  'a piece whose length is not of the granularity is refused',
  async (host) => demandStatus(await download(host, new Uint8Array(granularity(host.facts) - 4), 0), GRANULARITY),
  { skip: skipWithoutGranularity },
);

list.refuses(
  '[Base] 5.1.9',
  'a piece whose offset is not of the granularity is refused',
  async (host) => demandStatus(await download(host, new Uint8Array(granularity(host.facts)), 4), GRANULARITY),
  { skip: skipWithoutGranularity },
);

list.refuses(
  '[Base] 5.1.9',
  'a piece at the offset of another one spoils the image',
  async (host) => {
    const piece = new Uint8Array(granularity(host.facts));
    demandSuccess(await download(host, piece, 0));
    const second = await download(host, piece, 0);
    const completion = second.code === 0 ? await commit(host, FIRMWARE_COMMIT_REPLACE, 0) : second;
    demandStatus(completion, [STATUS_OVERLAPPING_RANGE, STATUS_INVALID_FIRMWARE_IMAGE, STATUS_INVALID_FIRMWARE_SLOT]);
  },
  hasFirmware,
);

list.refuses(
  '[Base] 4.1.1',
  'a piece in memory that is not there is a data transfer error',
  async (host) => {
    const piece = new Uint8Array(granularity(host.facts));
    const completion = await download(host, piece, 0, { prp1: host.unmappedIova });
    demandStatus(completion, [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasFirmware, needsUnmapped: true },
);

/** Firmware Image Download, Firmware Commit and the slots. */
export const FIRMWARE_CASES: readonly ConformanceCase[] = list.cases;
