import {
  FIRMWARE_COMMIT_ACTIVATE,
  FIRMWARE_COMMIT_ACTIVATE_NOW,
  FIRMWARE_COMMIT_CDW10,
  FIRMWARE_COMMIT_REPLACE,
  FIRMWARE_COMMIT_RESULT,
  FIRMWARE_DOWNLOAD_CDW10,
  FIRMWARE_DOWNLOAD_CDW11,
  SQE_CDW10,
  SQE_CDW11,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FIRMWARE_IMAGE,
  STATUS_INVALID_FIRMWARE_SLOT,
  STATUS_OVERLAPPING_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { recordFirmwareCommit } from '../event-records.js';
import type { Internals } from '../internals.js';
import { FIRMWARE_GRANULARITY_BYTES } from '../limits.js';
import { noticeFirmwareActivation } from '../notices.js';
import { fetchData } from './admin-data.js';
import { refuse } from './admin-handler.js';

/** Firmware Image Download: one piece of an image. [Base] 5.1.9 */
export function firmwareDownload(inside: Internals, command: Command): number {
  const bytes = (FIRMWARE_DOWNLOAD_CDW10.NUMD0.get(command.cdw(10)) + 1) * 4;
  const offset = FIRMWARE_DOWNLOAD_CDW11.OFST.get(command.cdw(11)) * 4;
  if (bytes % FIRMWARE_GRANULARITY_BYTES !== 0 || bytes > inside.transferBytesMax) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  }
  if (offset % FIRMWARE_GRANULARITY_BYTES !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  const data = new Uint8Array(bytes);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  const { download } = inside.subsystem.firmware;
  const isAdded = download.add(offset, data, inside.settings.cntlid);
  showMixture(inside, command);
  return isAdded ? 0 : refuse(command, STATUS_OVERLAPPING_RANGE, SQE_CDW11);
}

/** Firmware Commit: puts the image into a slot, activates a slot, or both. There are no boot partitions. [Base] 5.1.8 */
export function firmwareCommit(inside: Internals, command: Command): number {
  const { firmware } = inside.subsystem;
  const action = FIRMWARE_COMMIT_CDW10.CA.get(command.cdw(10));
  const given = FIRMWARE_COMMIT_CDW10.FS.get(command.cdw(10));
  if (action > FIRMWARE_COMMIT_ACTIVATE_NOW) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  const before = firmware.revision;
  const isReplacing =
    action !== FIRMWARE_COMMIT_ACTIVATE && !(action === FIRMWARE_COMMIT_ACTIVATE_NOW && firmware.download.isEmpty);
  const slot = given !== 0 ? given : chooseSlot(inside, isReplacing);
  showMixture(inside, command);
  const status = commit(inside, action, slot, isReplacing);
  recordFirmwareCommit(inside, before, firmware.revisionIn(slot) ?? '', action, given, status);
  firmware.download.commit();
  return status === 0 ? 0 : refuse(command, status, SQE_CDW10);
}

function commit(inside: Internals, action: number, slot: number, isReplacing: boolean): number {
  const { firmware, members } = inside.subsystem;
  if (slot > firmware.count || (isReplacing && !firmware.isWritable(slot))) return STATUS_INVALID_FIRMWARE_SLOT;
  if (isReplacing) {
    if (firmware.download.isEmpty) return STATUS_INVALID_FIRMWARE_IMAGE;
    const status = firmware.store(slot);
    if (status !== 0) return status;
  } else if (firmware.revisionIn(slot) === undefined) {
    return STATUS_INVALID_FIRMWARE_IMAGE;
  }
  if (action === FIRMWARE_COMMIT_REPLACE) return 0;
  if (action !== FIRMWARE_COMMIT_ACTIVATE_NOW) {
    firmware.next = slot;
    return 0;
  }
  for (const member of members) noticeFirmwareActivation(member);
  firmware.activate(slot);
  return 0;
}

/** The slot when the host leaves the choice: for an image a free one, to be activated the one committed last or the one that runs. */
function chooseSlot({ subsystem }: Internals, isReplacing: boolean): number {
  const { firmware } = subsystem;
  if (isReplacing) return firmware.freeSlot;
  return firmware.next !== 0 ? firmware.next : firmware.active;
}

/** Says in dword 0 whether several controllers download one image. */
function showMixture({ subsystem }: Internals, command: Command): void {
  command.result = FIRMWARE_COMMIT_RESULT.ASQFWO.set(0, subsystem.firmware.download.isMixed ? 1 : 0);
}
