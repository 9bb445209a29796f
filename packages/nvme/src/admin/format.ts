import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_FORMAT_NVM,
  FORMAT_NVM_CDW10,
  FORMAT_NVM_SES_CRYPTOGRAPHIC,
  FORMAT_NVM_SES_NONE,
  FORMAT_NVM_SES_USER_DATA,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

/** Milliseconds that a format may take unless its caller says otherwise: the whole medium may have to be written. */
export const FORMAT_DEADLINE_MS: number = 10 * 60_000;

/** How a namespace is formatted. [Base] 5.1.10, [NVM] 4.1.2 */
export interface FormatOptions extends WaitOptions {
  /** LBA format, 0 to 63; those above 15 need a host that enabled them, which the bring-up does where it can. Default 0 */
  readonly formatIndex?: number;
  /** metadata follows each block's data, instead of lying in a buffer of its own; default false */
  readonly isMetadataExtended?: boolean;
  /** protection information, 0 for none to 3; default 0 */
  readonly protectionType?: number;
  /** protection information comes first in the metadata; default false */
  readonly isProtectionFirst?: boolean;
  /** what becomes of the data beside being lost; default nothing */
  readonly erase?: 'none' | 'user-data' | 'cryptographic';
}

const ERASE = {
  none: FORMAT_NVM_SES_NONE,
  'user-data': FORMAT_NVM_SES_USER_DATA,
  cryptographic: FORMAT_NVM_SES_CRYPTOGRAPHIC,
};

/**
 * Format NVM: all data of the namespace is lost. Returns when it is done; until then its I/O commands fail with _Format In Progress_.
 *
 * @param nsid - FFFFFFFFh for all namespaces, where the controller takes that
 * @throws DriverError as `AdminQueue.demand`; the deadline is {@link FORMAT_DEADLINE_MS} by default
 */
export async function formatNamespace(admin: AdminQueue, nsid: number, options: FormatOptions = {}): Promise<void> {
  const { formatIndex = 0, protectionType = 0, erase = 'none' } = options;
  if (!(Number.isInteger(formatIndex) && formatIndex >= 0 && formatIndex <= 63)) {
    throw new RangeError(`formatIndex: expected 0 to 63, got ${formatIndex}`);
  }
  let cdw10 = FORMAT_NVM_CDW10.LBAFL.set(0, formatIndex & 0xf);
  cdw10 = FORMAT_NVM_CDW10.LBAFU.set(cdw10, formatIndex >>> 4);
  cdw10 = FORMAT_NVM_CDW10.MSET.set(cdw10, options.isMetadataExtended === true ? 1 : 0);
  cdw10 = FORMAT_NVM_CDW10.PI.set(cdw10, protectionType);
  cdw10 = FORMAT_NVM_CDW10.PIL.set(cdw10, options.isProtectionFirst === true ? 1 : 0);
  cdw10 = FORMAT_NVM_CDW10.SES.set(cdw10, ERASE[erase]);
  await admin.demand({ opcode: ADMIN_FORMAT_NVM, nsid, cdw10 }, { deadlineMs: FORMAT_DEADLINE_MS, ...options });
}
