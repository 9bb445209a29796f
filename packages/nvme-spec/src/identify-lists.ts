/**
 * The other answers of Identify: lists of NVM Sets, UUIDs, domains, Endurance Groups, command set combinations,
 * granularities and secondary controllers, and the primary controller's resources. [Base] 5.1.13.2, 5.1.13.3,
 * [NVM] 4.1.5.8
 *
 * Controller lists (12h, 13h) are in controller-list.ts, namespace lists in namespace-list.ts. Each layout is of one
 * entry, where a list has entries.
 */
import { readUint16, toHex } from './bytes.js';
import { IDENTIFY_BYTES } from './identify-command.js';
import { layout, type Layout } from './layout.js';

/** CNS 04h: bytes before the first entry; byte 0 is their number. */
export const NVM_SET_LIST_ENTRIES_AT = 128;
/** CNS 04h: entries at most. */
export const NVM_SET_LIST_ENTRIES = 31;
/** CNS 04h: an entry of the NVM Set list. */
export const NvmSetLayout: Layout = layout('NVM_SET', 128, [
  [0, 2, 'nsetid'], // NVM Set identifier
  [2, 2, 'endgid'], // Endurance Group identifier
  [4, 4, 'reserved4', 'reserved'],
  [8, 4, 'r4krt'], // typical time of a random 4 KiB read, 100 ns units
  [12, 4, 'ows'], // optimal write size, bytes
  [16, 16, 'tnvmsc', 'uint'], // total capacity, bytes
  [32, 16, 'unvmsc', 'uint'], // unallocated capacity, bytes
  [48, 80, 'reserved48', 'reserved'],
]);

/** CNS 14h: Primary Controller Capabilities. */
export const PrimaryControllerLayout: Layout = layout('PRIMARY_CONTROLLER', IDENTIFY_BYTES, [
  [0, 2, 'cntlid'], // controller identifier
  [2, 2, 'portid'], // port identifier
  [4, 1, 'crt'], // resource types: bit 0 VQ (queues), bit 1 VI (interrupts)
  [5, 27, 'reserved5', 'reserved'],
  [32, 4, 'vqfrt'], // VQ flexible resources, total
  [36, 4, 'vqrfa'], // VQ flexible resources, assigned to secondary controllers
  [40, 2, 'vqrfap'], // VQ flexible resources, allocated to the primary controller
  [42, 2, 'vqprt'], // VQ private resources of the primary controller
  [44, 2, 'vqfrsm'], // VQ flexible resources of a secondary controller at most
  [46, 2, 'vqgran'], // VQ flexible resources, preferred granularity
  [48, 16, 'reserved48', 'reserved'],
  [64, 4, 'vifrt'], // VI flexible resources, total
  [68, 4, 'virfa'], // VI flexible resources, assigned to secondary controllers
  [72, 2, 'virfap'], // VI flexible resources, allocated to the primary controller
  [74, 2, 'viprt'], // VI private resources of the primary controller
  [76, 2, 'vifrsm'], // VI flexible resources of a secondary controller at most
  [78, 2, 'vigran'], // VI flexible resources, preferred granularity
  [80, 4016, 'reserved80', 'reserved'],
]);

/** CNS 15h: bytes before the first entry; byte 0 is their number. */
export const SECONDARY_CONTROLLER_LIST_ENTRIES_AT = 32;
/** CNS 15h: entries at most. */
export const SECONDARY_CONTROLLER_LIST_ENTRIES = 127;
/** CNS 15h: an entry of the secondary controller list. */
export const SecondaryControllerLayout: Layout = layout('SECONDARY_CONTROLLER', 32, [
  [0, 2, 'scid'], // secondary controller identifier
  [2, 2, 'pcid'], // primary controller identifier
  [4, 1, 'scs'], // bit 0: online
  [5, 3, 'reserved5', 'reserved'],
  [8, 2, 'vfn'], // virtual function number, 0 for none
  [10, 2, 'nvq'], // VQ flexible resources assigned
  [12, 2, 'nvi'], // VI flexible resources assigned
  [14, 18, 'reserved14', 'reserved'],
]);

/** CNS 16h: bytes before the first entry; byte 4 is their number, 0's based. */
export const NAMESPACE_GRANULARITY_LIST_ENTRIES_AT = 32;
/** CNS 16h: offset of the number of entries, 0's based. */
export const NAMESPACE_GRANULARITY_LIST_ND0 = 4;
/** CNS 16h, dword 0 bit 0: entry n is for LBA format n; else entry 0 is for every format. */
export const NAMESPACE_GRANULARITY_PER_FORMAT = 0x01;
/** CNS 16h: an entry of the namespace granularity list. */
export const NamespaceGranularityLayout: Layout = layout('NAMESPACE_GRANULARITY', 16, [
  [0, 8, 'nsg'], // namespace size granularity, bytes, 0 for none
  [8, 8, 'ncg'], // namespace capacity granularity, bytes, 0 for none
]);

/** CNS 17h: bytes before UUID 1; the list ends at the first UUID of zeros. */
export const UUID_LIST_ENTRIES_AT = 32;
/** CNS 17h: entries at most; index 0 is no UUID. */
export const UUID_LIST_ENTRIES = 126;
/** CNS 17h: an entry of the UUID list. */
export const UuidLayout: Layout = layout('UUID', 32, [
  [0, 1, 'uleh'], // bits 1:0: 1 of the PCI vendor, 2 of the PCI subsystem vendor
  [1, 15, 'reserved1', 'reserved'],
  [16, 16, 'uuid'], // the UUID, in the order it is written in
]);

/** CNS 18h: bytes before the first entry; byte 0 is their number. */
export const DOMAIN_LIST_ENTRIES_AT = 128;
/** CNS 18h: entries at most. */
export const DOMAIN_LIST_ENTRIES = 31;
/** CNS 18h: an entry of the domain list. */
export const DomainLayout: Layout = layout('DOMAIN', 128, [
  [0, 2, 'did'], // domain identifier
  [2, 14, 'reserved2', 'reserved'],
  [16, 16, 'tdc', 'uint'], // total capacity, bytes
  [32, 16, 'udc', 'uint'], // unallocated capacity, bytes
  [48, 16, 'megdc', 'uint'], // capacity of one Endurance Group at most, bytes
  [64, 64, 'reserved64', 'reserved'],
]);

/** CNS 19h: identifiers at most, of 2 bytes, after their number of 2 bytes. */
export const ENDURANCE_GROUP_LIST_ENTRIES = 2047;

/** CNS 1Ch: combinations, 8 bytes each, a set bit for each command set of the combination; zero after the last. */
export const COMMAND_SET_COMBINATIONS = 512;
/** CNS 1Ch: bit 0 of a combination, the NVM Command Set; bit n is CSI n. */
export const COMMAND_SET_VECTOR_NVM = 0x01;
/** CNS 1Ch: bit 2 of a combination, the Zoned Namespace Command Set. */
export const COMMAND_SET_VECTOR_ZONED = 0x04;

/**
 * Endurance Group identifiers of CNS 19h.
 * @throws RangeError when there are more than 2047, or `data` ends before they do.
 */
export function decodeEnduranceGroupList(data: Uint8Array): number[] {
  const count = readUint16(data, 0);
  if (count > ENDURANCE_GROUP_LIST_ENTRIES) {
    throw new RangeError(`Endurance Group list: ${count} entries, expected at most ${ENDURANCE_GROUP_LIST_ENTRIES}`);
  }
  return Array.from({ length: count }, (_, i) => readUint16(data, 2 + 2 * i));
}

/**
 * UUIDs of CNS 17h as text, UUID 1 at index 0.
 * @throws RangeError when `data` is shorter than 4096 bytes.
 */
export function decodeUuidList(data: Uint8Array): string[] {
  if (data.length < IDENTIFY_BYTES)
    throw new RangeError(`UUID list: ${IDENTIFY_BYTES} bytes expected, got ${data.length}`);
  const uuids: string[] = [];
  for (let index = 0; index < UUID_LIST_ENTRIES; index++) {
    const at = UUID_LIST_ENTRIES_AT + index * UuidLayout.bytes + UuidLayout.field('uuid').offset;
    const hex = toHex(data.subarray(at, at + 16));
    if (/^0+$/.test(hex)) break;
    uuids.push(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
  }
  return uuids;
}

/**
 * Command set combinations of CNS 1Ch: bit n of a combination is CSI n. Combination n is at index n, as in the I/O
 * Command Set Profile feature. @throws RangeError when `data` ends before the combinations do.
 */
export function decodeCommandSetCombinations(data: Uint8Array): number[] {
  const combinations: number[] = [];
  for (let index = 0; index < COMMAND_SET_COMBINATIONS; index++) {
    const vector = readUint16(data, 8 * index);
    if (vector === 0) break;
    combinations.push(vector);
  }
  return combinations;
}
