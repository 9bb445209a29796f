/**
 * Identify command: which data structure is asked for, and the command dwords that say so. [Base] 5.1.13
 */
import { bits } from './bits.js';
import { describeRow } from './describe.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11, SQE_CDW14 } from './submission-queue-entry.js';

/** Bytes of every Identify data structure. */
export const IDENTIFY_BYTES = 4096;
/** NSIDs in a namespace list; unused entries are zero and follow the used ones. */
export const NAMESPACE_LIST_ENTRIES = 1024;
/** Controller identifiers in a controller list, after its 16-bit count. */
export const CONTROLLER_LIST_ENTRIES = 2047;

/** Identify, command dword 10. */
export const IDENTIFY_CDW10: Dword<'CNS' | 'CNTID'> = dword(
  'IDENTIFY_CDW10',
  SQE_CDW10,
  {
    CNTID: bits(31, 16), // controller identifier, for the CNS values that name a controller
    CNS: bits(7, 0), // controller or namespace structure, IDENTIFY_CNS_*
  },
  [bits(15, 8)],
);

/** Identify, command dword 11. */
export const IDENTIFY_CDW11: Dword<'CNSSID' | 'CSI'> = dword(
  'IDENTIFY_CDW11',
  SQE_CDW11,
  {
    CSI: bits(31, 24), // command set identifier, CSI_*
    CNSSID: bits(15, 0), // identifier the CNS value asks for, such as an NVM Set
  },
  [bits(23, 16)],
);

/** Identify, command dword 14. */
export const IDENTIFY_CDW14: Dword<'UIDX'> = dword(
  'IDENTIFY_CDW14',
  SQE_CDW14,
  { UIDX: bits(6, 0) }, // index into the UUID list, 0 for none
  [bits(31, 7)],
);

/** Command set identifier: NVM Command Set. */
export const CSI_NVM = 0x00;
/** Command set identifier: Key Value Command Set. */
export const CSI_KEY_VALUE = 0x01;
/** Command set identifier: Zoned Namespace Command Set. */
export const CSI_ZONED = 0x02;
/** Command set identifier: Subsystem Local Memory Command Set. */
export const CSI_LOCAL_MEMORY = 0x03;
/** Command set identifier: Computational Programs Command Set. */
export const CSI_COMPUTATIONAL = 0x04;

/** CNS 00h: Identify Namespace of the NVM Command Set, for an attached NSID. */
export const IDENTIFY_CNS_NAMESPACE = 0x00;
/** CNS 01h: Identify Controller. */
export const IDENTIFY_CNS_CONTROLLER = 0x01;
/** CNS 02h: Attached NSIDs above the given one. */
export const IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST = 0x02;
/** CNS 03h: Namespace Identification Descriptor list. */
export const IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST = 0x03;
/** CNS 04h: NVM Set list. */
export const IDENTIFY_CNS_NVM_SET_LIST = 0x04;
/** CNS 05h: Identify Namespace of the I/O command set in CSI. */
export const IDENTIFY_CNS_COMMAND_SET_NAMESPACE = 0x05;
/** CNS 06h: Identify Controller of the I/O command set in CSI. */
export const IDENTIFY_CNS_COMMAND_SET_CONTROLLER = 0x06;
/** CNS 07h: Attached NSIDs of the I/O command set in CSI. */
export const IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST = 0x07;
/** CNS 08h: I/O Command Set Independent Identify Namespace. */
export const IDENTIFY_CNS_INDEPENDENT_NAMESPACE = 0x08;
/** CNS 09h: Identify Namespace for a user data format. */
export const IDENTIFY_CNS_USER_DATA_FORMAT = 0x09;
/** CNS 0ah: Identify Namespace of CSI for a user data format. */
export const IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT = 0x0a;
/** CNS 10h: Allocated NSIDs above the given one. */
export const IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST = 0x10;
/** CNS 11h: Identify Namespace for an allocated NSID. */
export const IDENTIFY_CNS_ALLOCATED_NAMESPACE = 0x11;
/** CNS 12h: Controllers attached to a namespace. */
export const IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST = 0x12;
/** CNS 13h: Controllers of the NVM subsystem. */
export const IDENTIFY_CNS_CONTROLLER_LIST = 0x13;
/** CNS 14h: Primary Controller Capabilities. */
export const IDENTIFY_CNS_PRIMARY_CONTROLLER = 0x14;
/** CNS 15h: Secondary Controller list. */
export const IDENTIFY_CNS_SECONDARY_CONTROLLER_LIST = 0x15;
/** CNS 16h: Namespace Granularity list. */
export const IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST = 0x16;
/** CNS 17h: UUID list. */
export const IDENTIFY_CNS_UUID_LIST = 0x17;
/** CNS 18h: Domain list. */
export const IDENTIFY_CNS_DOMAIN_LIST = 0x18;
/** CNS 19h: Endurance Group list. */
export const IDENTIFY_CNS_ENDURANCE_GROUP_LIST = 0x19;
/** CNS 1ah: Allocated NSIDs of the I/O command set in CSI. */
export const IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST = 0x1a;
/** CNS 1bh: Identify Namespace of CSI for an allocated NSID. */
export const IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE = 0x1b;
/** CNS 1ch: I/O Command Set combinations. */
export const IDENTIFY_CNS_COMMAND_SETS = 0x1c;
/** CNS 1dh: Underlying Namespace list. */
export const IDENTIFY_CNS_UNDERLYING_NAMESPACE_LIST = 0x1d;
/** CNS 1eh: Ports list. */
export const IDENTIFY_CNS_PORT_LIST = 0x1e;
/** CNS 1fh: Independent Identify Namespace for an allocated NSID. */
export const IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE = 0x1f;
/** CNS 20h: Supported Controller State formats. */
export const IDENTIFY_CNS_CONTROLLER_STATE_FORMATS = 0x20;

/** Every CNS value of the specification: value, name of the constant without `IDENTIFY_CNS_`, text. */
export const IDENTIFY_STRUCTURES: readonly (readonly [cns: number, name: string, text: string])[] = [
  [IDENTIFY_CNS_NAMESPACE, 'NAMESPACE', 'Identify Namespace, NVM Command Set'],
  [IDENTIFY_CNS_CONTROLLER, 'CONTROLLER', 'Identify Controller'],
  [IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, 'ACTIVE_NAMESPACE_LIST', 'Active Namespace ID list'],
  [IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, 'NAMESPACE_DESCRIPTOR_LIST', 'Namespace Identification Descriptor list'],
  [IDENTIFY_CNS_NVM_SET_LIST, 'NVM_SET_LIST', 'NVM Set List'],
  [IDENTIFY_CNS_COMMAND_SET_NAMESPACE, 'COMMAND_SET_NAMESPACE', 'I/O Command Set specific Identify Namespace'],
  [IDENTIFY_CNS_COMMAND_SET_CONTROLLER, 'COMMAND_SET_CONTROLLER', 'I/O Command Set specific Identify Controller'],
  [
    IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
    'COMMAND_SET_ACTIVE_NAMESPACE_LIST',
    'I/O Command Set specific Active Namespace ID list',
  ],
  [IDENTIFY_CNS_INDEPENDENT_NAMESPACE, 'INDEPENDENT_NAMESPACE', 'I/O Command Set Independent Identify Namespace'],
  [IDENTIFY_CNS_USER_DATA_FORMAT, 'USER_DATA_FORMAT', 'Identify Namespace for a Format Index'],
  [
    IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT,
    'COMMAND_SET_USER_DATA_FORMAT',
    'I/O Command Set specific Identify Namespace for a Format Index',
  ],
  [IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST, 'ALLOCATED_NAMESPACE_LIST', 'Allocated Namespace ID list'],
  [IDENTIFY_CNS_ALLOCATED_NAMESPACE, 'ALLOCATED_NAMESPACE', 'Identify Namespace for an Allocated Namespace ID'],
  [IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST, 'ATTACHED_CONTROLLER_LIST', 'Attached Controller List'],
  [IDENTIFY_CNS_CONTROLLER_LIST, 'CONTROLLER_LIST', 'Controller List'],
  [IDENTIFY_CNS_PRIMARY_CONTROLLER, 'PRIMARY_CONTROLLER', 'Primary Controller Capabilities'],
  [IDENTIFY_CNS_SECONDARY_CONTROLLER_LIST, 'SECONDARY_CONTROLLER_LIST', 'Secondary Controller List'],
  [IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST, 'NAMESPACE_GRANULARITY_LIST', 'Namespace Granularity List'],
  [IDENTIFY_CNS_UUID_LIST, 'UUID_LIST', 'UUID List'],
  [IDENTIFY_CNS_DOMAIN_LIST, 'DOMAIN_LIST', 'Domain List'],
  [IDENTIFY_CNS_ENDURANCE_GROUP_LIST, 'ENDURANCE_GROUP_LIST', 'Endurance Group List'],
  [
    IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST,
    'COMMAND_SET_ALLOCATED_NAMESPACE_LIST',
    'I/O Command Set specific Allocated Namespace ID list',
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE,
    'COMMAND_SET_ALLOCATED_NAMESPACE',
    'I/O Command Set specific Identify Namespace for an Allocated Namespace ID',
  ],
  [IDENTIFY_CNS_COMMAND_SETS, 'COMMAND_SETS', 'I/O Command Set data structure'],
  [IDENTIFY_CNS_UNDERLYING_NAMESPACE_LIST, 'UNDERLYING_NAMESPACE_LIST', 'Underlying Namespace List'],
  [IDENTIFY_CNS_PORT_LIST, 'PORT_LIST', 'Ports List'],
  [
    IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE,
    'INDEPENDENT_ALLOCATED_NAMESPACE',
    'I/O Command Set Independent Identify Namespace for an Allocated Namespace ID',
  ],
  [IDENTIFY_CNS_CONTROLLER_STATE_FORMATS, 'CONTROLLER_STATE_FORMATS', 'Supported Controller State Formats'],
];

/** Text of a CNS value, such as `Identify Controller (01h)`; unknown ones read as reserved. */
export function describeIdentifyCns(cns: number): string {
  return describeRow(IDENTIFY_STRUCTURES, cns, 0x100);
}
