import {
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  CSI_NVM,
  FWSLOT_AFI,
  FWSLOT_BYTES,
  FWSLOT_FRS,
  FWSLOT_REVISION_BYTES,
  GET_LOG_PAGE_CDW10,
  GET_LOG_PAGE_CDW14,
  LOG_ANA,
  LOG_ANA_LSP_GROUPS_ONLY,
  LOG_CHANGED_NAMESPACES,
  LOG_COMMAND_EFFECTS,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_SMART,
  LOG_SUPPORTED_PAGES,
  writeAsciiPadded,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { IO_EFFECTS } from '../io/io-commands.js';

/** One log page: how to make it. */
export interface LogPageSource {
  /** whether this controller has it */
  readonly isPresent: (inside: Internals) => boolean;
  /** the whole page as of now */
  readonly page: (inside: Internals, command: Command) => Uint8Array;
  /** what else happens when it was read without RAE */
  readonly cleared?: (inside: Internals) => void;
}

const always = (): boolean => true;
/** Supported Log Pages: bytes of the page, a dword per identifier, of which bit 0 says that it is supported. [Base] 5.1.12.1.1 */
const SUPPORTED_PAGES_BYTES = 1024;

/** Every log page there is. What is not here, or not present, is an invalid log page. [Base] 5.1.12.1 */
export const LOG_PAGES_SUPPORTED: ReadonlyMap<number, LogPageSource> = new Map<number, LogPageSource>([
  [LOG_SUPPORTED_PAGES, { isPresent: always, page: supportedPages }],
  [LOG_ERROR_INFORMATION, { isPresent: always, page: ({ errors }) => errors.page() }],
  [LOG_SMART, { isPresent: always, page: ({ health }) => health.page() }],
  [LOG_FIRMWARE_SLOT, { isPresent: always, page: firmwareSlots }],
  [
    LOG_CHANGED_NAMESPACES,
    {
      isPresent: always,
      page: ({ changedNamespaces }) => changedNamespaces.page(),
      cleared: ({ changedNamespaces }) => changedNamespaces.clear(),
    },
  ],
  [LOG_COMMAND_EFFECTS, { isPresent: always, page: commandEffects }],
  [LOG_ANA, { isPresent: ({ settings }) => settings.anaGroups > 0, page: anaGroups }],
]);

function supportedPages(inside: Internals): Uint8Array {
  const view = new DataView(new ArrayBuffer(SUPPORTED_PAGES_BYTES));
  for (const [id, source] of LOG_PAGES_SUPPORTED) view.setUint32(id * 4, source.isPresent(inside) ? 1 : 0, true);
  return new Uint8Array(view.buffer);
}

/** One slot, active now and after the next reset. */
function firmwareSlots({ settings }: Internals): Uint8Array {
  const data = new Uint8Array(FWSLOT_BYTES);
  data[FWSLOT_AFI] = 1;
  writeAsciiPadded(data, FWSLOT_FRS, FWSLOT_REVISION_BYTES, settings.firmware);
  return data;
}

/** Generated from the tables that commands are dispatched by, so that the two cannot disagree. */
function commandEffects(inside: Internals, command: Command): Uint8Array {
  const view = new DataView(new ArrayBuffer(CMDEFFECTS_BYTES));
  for (const [opcode, effects] of inside.adminEffects) view.setUint32(CMDEFFECTS_ACS + opcode * 4, effects, true);
  if (GET_LOG_PAGE_CDW14.CSI.get(command.cdw(14)) === CSI_NVM) {
    for (const [opcode, effects] of IO_EFFECTS) view.setUint32(CMDEFFECTS_IOCS + opcode * 4, effects, true);
  }
  return new Uint8Array(view.buffer);
}

function anaGroups({ ana }: Internals, command: Command): Uint8Array {
  const parameter = GET_LOG_PAGE_CDW10.LSP.get(command.cdw(10));
  return ana.page((parameter & LOG_ANA_LSP_GROUPS_ONLY) !== 0);
}
