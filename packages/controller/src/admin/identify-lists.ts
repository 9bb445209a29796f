import {
  CSI_NVM,
  encodeControllerList,
  IDENTIFY_BYTES,
  NAMESPACE_GRANULARITY_LIST_ENTRIES_AT,
  NamespaceGranularityLayout,
  UUID_LIST_ENTRIES_AT,
  UuidLayout,
} from '@phasebit/nvme-spec';
import { identifierBytes } from '../identifier.js';
import type { Internals } from '../internals.js';

/** Capacity is allocated by the byte, and media are whole pages. */
const GRANULARITY_BYTES = 4096;

/** The identifiers above `nsid`, at most 1,024, in order. [Base] 5.1.13.2.2, 5.1.13.2.9 */
export function identifyNamespaceList(nsids: readonly number[], nsid: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(IDENTIFY_BYTES));
  const above = nsids.filter((each) => each > nsid).slice(0, IDENTIFY_BYTES / 4);
  above.forEach((each, i) => view.setUint32(i * 4, each, true));
  return new Uint8Array(view.buffer);
}

/** The identifiers of controllers from `cntlid` on, in order. [Base] 5.1.13.2.11, 5.1.13.2.12 */
export function identifyControllerList(members: readonly Internals[], cntlid: number): Uint8Array {
  return encodeControllerList(members.map(({ settings }) => settings.cntlid).filter((each) => each >= cntlid));
}

/** Namespace Granularity List: one entry for all formats. [NVM] 4.1.5.8 */
export function identifyGranularity(): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  NamespaceGranularityLayout.write(data, 'nsg', GRANULARITY_BYTES, NAMESPACE_GRANULARITY_LIST_ENTRIES_AT);
  NamespaceGranularityLayout.write(data, 'ncg', GRANULARITY_BYTES, NAMESPACE_GRANULARITY_LIST_ENTRIES_AT);
  return data;
}

/** UUID List. [Base] 5.1.13.2.14 */
export function identifyUuids(uuids: readonly string[]): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  uuids.forEach((uuid, i) => {
    UuidLayout.write(data, 'uuid', identifierBytes('uuid', uuid, 16), UUID_LIST_ENTRIES_AT + i * UuidLayout.bytes);
  });
  return data;
}

/** The combinations of command sets that can be enabled: one, of the NVM Command Set alone. [Base] 5.1.13.2.19 */
export function identifyCommandSets(): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  data[0] = 1 << CSI_NVM;
  return data;
}
