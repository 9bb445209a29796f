/**
 * Firmware Slot Information log (03h), 512 bytes. [Base] 5.1.12.1.4
 */
import { bits, type Bits } from './bits.js';
import { readAscii } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the Firmware Slot Information log. */
export const FWSLOT_BYTES = 512;
/** 0x00  1  Active firmware: slot in bits 2:0, slot of the next reset in bits 6:4. */
export const FWSLOT_AFI = 0x00;
/** 0x08 56  Firmware revisions of slots 1..7, 8 ASCII characters each; zeros for an empty slot. */
export const FWSLOT_FRS = 0x08;
/** Bytes of one firmware revision. */
export const FWSLOT_REVISION_BYTES = 8;
/** Firmware slots, numbered from 1. */
export const FWSLOT_SLOTS = 7;

/** Layout of the Firmware Slot Information log. */
export const FirmwareSlotLayout: Layout = layout('FWSLOT', FWSLOT_BYTES, [
  [FWSLOT_AFI, 1, 'afi'],
  [1, 7, 'reserved1', 'reserved'],
  [8, 8, 'frs1', 'ascii'],
  [16, 8, 'frs2', 'ascii'],
  [24, 8, 'frs3', 'ascii'],
  [32, 8, 'frs4', 'ascii'],
  [40, 8, 'frs5', 'ascii'],
  [48, 8, 'frs6', 'ascii'],
  [56, 8, 'frs7', 'ascii'],
  [64, 448, 'reserved64', 'reserved'],
]);

/** Active firmware, byte 0. */
export const FWSLOT_AFI_FIELDS: Readonly<Record<'AFS' | 'NAFS', Bits>> = {
  NAFS: bits(6, 4), // slot that the next controller level reset activates, 0 for no change
  AFS: bits(2, 0), // slot that runs
};

/** A decoded Firmware Slot Information log. */
export interface FirmwareSlotLog {
  /** Slot that runs, 1..7. */
  readonly activeSlot: number;
  /** Slot that the next controller level reset activates, 0 for no change. */
  readonly nextSlot: number;
  /** Revisions of slots 1..7 at index 0..6; empty text for an empty slot. */
  readonly revisions: readonly string[];
}

/** Decodes a Firmware Slot Information log. @throws RangeError when `data` is shorter than 512 bytes. */
export function decodeFirmwareSlotLog(data: Uint8Array): FirmwareSlotLog {
  if (data.length < FWSLOT_BYTES) throw new RangeError(`FWSLOT: ${FWSLOT_BYTES} bytes expected, got ${data.length}`);
  return {
    activeSlot: FWSLOT_AFI_FIELDS.AFS.get(data[FWSLOT_AFI]),
    nextSlot: FWSLOT_AFI_FIELDS.NAFS.get(data[FWSLOT_AFI]),
    revisions: Array.from({ length: FWSLOT_SLOTS }, (_, i) =>
      readAscii(data, FWSLOT_FRS + i * FWSLOT_REVISION_BYTES, FWSLOT_REVISION_BYTES),
    ),
  };
}
