import {
  COPY_FORMAT_0,
  COPY_FORMAT_1,
  COPY_FORMAT_2,
  COPY_FORMAT_3,
  HOST_BEHAVIOR_CDFE,
  STATUS_DNR,
  STATUS_INCOMPATIBLE_NAMESPACE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import type { Namespace } from '../namespace.js';
import type { NamespaceFormat } from '../namespace-format.js';
import { isProtectionOnly } from './protection.js';

/** Identify Controller CDFS: formats 0h to 3h of source ranges. [Base] 5.1.13.2.1 */
export const COPY_FORMATS_SUPPORTED = 0x000f;

const INVALID_FIELD = STATUS_INVALID_FIELD | STATUS_DNR;
const INCOMPATIBLE = STATUS_INCOMPATIBLE_NAMESPACE | STATUS_DNR;

/** Whether the source ranges of a format name their namespace. */
export function namesNamespace(copyFormat: number): boolean {
  return copyFormat === COPY_FORMAT_2 || copyFormat === COPY_FORMAT_3;
}

/**
 * Why a Copy cannot have source ranges of a format: it is not supported, or the host has not enabled it, or it has no room for the tags
 * of the destination. Gives 0 or the status. [NVM] 3.3.2
 *
 * @param hostBehavior - data structure of the Host Behavior Support feature
 */
export function copyFormatRefusal(copyFormat: number, format: NamespaceFormat, hostBehavior: Uint8Array): number {
  if (((COPY_FORMATS_SUPPORTED >>> copyFormat) & 1) === 0) return INVALID_FIELD;
  const enabled = hostBehavior[HOST_BEHAVIOR_CDFE] | (hostBehavior[HOST_BEHAVIOR_CDFE + 1] << 8);
  if (namesNamespace(copyFormat) && ((enabled >>> copyFormat) & 1) === 0) return INVALID_FIELD;
  if (format.piType === 0) return 0;
  // With the larger guards the storage tag and the reference tag have 80 bits together, with 16-bit guards 32.
  const hasRoom =
    format.guardBits === 16
      ? copyFormat === COPY_FORMAT_0 || copyFormat === COPY_FORMAT_2
      : copyFormat === COPY_FORMAT_1 || copyFormat === COPY_FORMAT_3;
  return hasRoom ? 0 : STATUS_INVALID_NAMESPACE | STATUS_DNR;
}

/**
 * Why blocks of one namespace cannot be copied to another. Protection information is passed on, or made anew, or is added or dropped if
 * it is all the metadata there is. Gives 0 or the status. [NVM] 3.3.2.3, 3.3.2.4
 *
 * @param strips - PRACT of the read
 * @param inserts - PRACT of the write
 */
export function copyPairRefusal(source: Namespace, destination: Namespace, strips: boolean, inserts: boolean): number {
  if (source.blockBytes !== destination.blockBytes) return INCOMPATIBLE;
  const isProtected = destination.protection !== undefined;
  if ((source.protection !== undefined) === isProtected) {
    if (isProtected && strips !== inserts) return INVALID_FIELD;
    return hasSameMetadata(source.format, destination.format) ? 0 : INCOMPATIBLE;
  }
  const corresponds = isProtected
    ? inserts && isProtectionOnly(destination.protection) && source.format.metadataBytes === 0
    : strips && isProtectionOnly(source.protection) && destination.format.metadataBytes === 0;
  return corresponds ? 0 : INCOMPATIBLE;
}

function hasSameMetadata(a: NamespaceFormat, b: NamespaceFormat): boolean {
  if (a.metadataBytes !== b.metadataBytes || a.piType !== b.piType) return false;
  return (
    a.piType === 0 ||
    (a.piIsFirst === b.piIsFirst && a.guardBits === b.guardBits && a.storageTagBits === b.storageTagBits)
  );
}
