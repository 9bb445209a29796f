/**
 * Admin command opcodes. [Base] 5, and 85h, 88h, 89h of the Computational Programs and Memory command sets.
 *
 * Bits 1:0 of every opcode say where data goes: 00b none, 01b host to controller, 10b controller to host, 11b both.
 */
import { describeRow } from './describe.js';

/** 00h  Delete I/O Submission Queue.               */ export const ADMIN_DELETE_IO_SQ = 0x00;
/** 01h  Create I/O Submission Queue.               */ export const ADMIN_CREATE_IO_SQ = 0x01;
/** 02h  Get Log Page.                              */ export const ADMIN_GET_LOG_PAGE = 0x02;
/** 04h  Delete I/O Completion Queue.               */ export const ADMIN_DELETE_IO_CQ = 0x04;
/** 05h  Create I/O Completion Queue.               */ export const ADMIN_CREATE_IO_CQ = 0x05;
/** 06h  Identify.                                  */ export const ADMIN_IDENTIFY = 0x06;
/** 08h  Abort.                                     */ export const ADMIN_ABORT = 0x08;
/** 09h  Set Features.                              */ export const ADMIN_SET_FEATURES = 0x09;
/** 0ah  Get Features.                              */ export const ADMIN_GET_FEATURES = 0x0a;
/** 0ch  Asynchronous Event Request.                */ export const ADMIN_ASYNC_EVENT_REQUEST = 0x0c;
/** 0dh  Namespace Management.                      */ export const ADMIN_NAMESPACE_MANAGEMENT = 0x0d;
/** 10h  Firmware Commit.                           */ export const ADMIN_FIRMWARE_COMMIT = 0x10;
/** 11h  Firmware Image Download.                   */ export const ADMIN_FIRMWARE_DOWNLOAD = 0x11;
/** 14h  Device Self-test.                          */ export const ADMIN_DEVICE_SELF_TEST = 0x14;
/** 15h  Namespace Attachment.                      */ export const ADMIN_NAMESPACE_ATTACHMENT = 0x15;
/** 18h  Keep Alive.                                */ export const ADMIN_KEEP_ALIVE = 0x18;
/** 19h  Directive Send.                            */ export const ADMIN_DIRECTIVE_SEND = 0x19;
/** 1ah  Directive Receive.                         */ export const ADMIN_DIRECTIVE_RECEIVE = 0x1a;
/** 1ch  Virtualization Management.                 */ export const ADMIN_VIRTUALIZATION_MANAGEMENT = 0x1c;
/** 1dh  NVMe-MI Send.                              */ export const ADMIN_NVME_MI_SEND = 0x1d;
/** 1eh  NVMe-MI Receive.                           */ export const ADMIN_NVME_MI_RECEIVE = 0x1e;
/** 20h  Capacity Management.                       */ export const ADMIN_CAPACITY_MANAGEMENT = 0x20;
/** 21h  Discovery Information Management.          */ export const ADMIN_DISCOVERY_INFORMATION_MANAGEMENT = 0x21;
/** 22h  Fabric Zoning Receive.                     */ export const ADMIN_FABRIC_ZONING_RECEIVE = 0x22;
/** 24h  Lockdown.                                  */ export const ADMIN_LOCKDOWN = 0x24;
/** 25h  Fabric Zoning Lookup.                      */ export const ADMIN_FABRIC_ZONING_LOOKUP = 0x25;
/** 28h  Clear Exported NVM Resource Configuration. */ export const ADMIN_CLEAR_EXPORTED_RESOURCE = 0x28;
/** 29h  Fabric Zoning Send.                        */ export const ADMIN_FABRIC_ZONING_SEND = 0x29;
/** 2ah  Create Exported NVM Subsystem.             */ export const ADMIN_CREATE_EXPORTED_SUBSYSTEM = 0x2a;
/** 2dh  Manage Exported NVM Subsystem.             */ export const ADMIN_MANAGE_EXPORTED_SUBSYSTEM = 0x2d;
/** 31h  Manage Exported Namespace.                 */ export const ADMIN_MANAGE_EXPORTED_NAMESPACE = 0x31;
/** 35h  Manage Exported Port.                      */ export const ADMIN_MANAGE_EXPORTED_PORT = 0x35;
/** 39h  Send Discovery Log Page.                   */ export const ADMIN_SEND_DISCOVERY_LOG_PAGE = 0x39;
/** 3dh  Track Send.                                */ export const ADMIN_TRACK_SEND = 0x3d;
/** 3eh  Track Receive.                             */ export const ADMIN_TRACK_RECEIVE = 0x3e;
/** 41h  Migration Send.                            */ export const ADMIN_MIGRATION_SEND = 0x41;
/** 42h  Migration Receive.                         */ export const ADMIN_MIGRATION_RECEIVE = 0x42;
/** 45h  Controller Data Queue.                     */ export const ADMIN_CONTROLLER_DATA_QUEUE = 0x45;
/** 7ch  Doorbell Buffer Config.                    */ export const ADMIN_DOORBELL_BUFFER_CONFIG = 0x7c;
/** 7fh  Fabrics Commands.                          */ export const ADMIN_FABRICS = 0x7f;
/** 80h  Format NVM.                                */ export const ADMIN_FORMAT_NVM = 0x80;
/** 81h  Security Send.                             */ export const ADMIN_SECURITY_SEND = 0x81;
/** 82h  Security Receive.                          */ export const ADMIN_SECURITY_RECEIVE = 0x82;
/** 84h  Sanitize.                                  */ export const ADMIN_SANITIZE = 0x84;
/** 85h  Load Program.                              */ export const ADMIN_LOAD_PROGRAM = 0x85;
/** 86h  Get LBA Status.                            */ export const ADMIN_GET_LBA_STATUS = 0x86;
/** 88h  Program Activation Management.             */ export const ADMIN_PROGRAM_ACTIVATION_MANAGEMENT = 0x88;
/** 89h  Memory Range Set Management.               */ export const ADMIN_MEMORY_RANGE_SET_MANAGEMENT = 0x89;

/** The first vendor specific admin opcode; C0h..FFh are vendor specific. */
export const ADMIN_VENDOR_FIRST = 0xc0;

/** Every admin opcode of the specification: opcode, name of the constant without its prefix, text. */
export const ADMIN_OPCODES: readonly (readonly [opcode: number, name: string, text: string])[] = [
  [ADMIN_DELETE_IO_SQ, 'DELETE_IO_SQ', 'Delete I/O Submission Queue'],
  [ADMIN_CREATE_IO_SQ, 'CREATE_IO_SQ', 'Create I/O Submission Queue'],
  [ADMIN_GET_LOG_PAGE, 'GET_LOG_PAGE', 'Get Log Page'],
  [ADMIN_DELETE_IO_CQ, 'DELETE_IO_CQ', 'Delete I/O Completion Queue'],
  [ADMIN_CREATE_IO_CQ, 'CREATE_IO_CQ', 'Create I/O Completion Queue'],
  [ADMIN_IDENTIFY, 'IDENTIFY', 'Identify'],
  [ADMIN_ABORT, 'ABORT', 'Abort'],
  [ADMIN_SET_FEATURES, 'SET_FEATURES', 'Set Features'],
  [ADMIN_GET_FEATURES, 'GET_FEATURES', 'Get Features'],
  [ADMIN_ASYNC_EVENT_REQUEST, 'ASYNC_EVENT_REQUEST', 'Asynchronous Event Request'],
  [ADMIN_NAMESPACE_MANAGEMENT, 'NAMESPACE_MANAGEMENT', 'Namespace Management'],
  [ADMIN_FIRMWARE_COMMIT, 'FIRMWARE_COMMIT', 'Firmware Commit'],
  [ADMIN_FIRMWARE_DOWNLOAD, 'FIRMWARE_DOWNLOAD', 'Firmware Image Download'],
  [ADMIN_DEVICE_SELF_TEST, 'DEVICE_SELF_TEST', 'Device Self-test'],
  [ADMIN_NAMESPACE_ATTACHMENT, 'NAMESPACE_ATTACHMENT', 'Namespace Attachment'],
  [ADMIN_KEEP_ALIVE, 'KEEP_ALIVE', 'Keep Alive'],
  [ADMIN_DIRECTIVE_SEND, 'DIRECTIVE_SEND', 'Directive Send'],
  [ADMIN_DIRECTIVE_RECEIVE, 'DIRECTIVE_RECEIVE', 'Directive Receive'],
  [ADMIN_VIRTUALIZATION_MANAGEMENT, 'VIRTUALIZATION_MANAGEMENT', 'Virtualization Management'],
  [ADMIN_NVME_MI_SEND, 'NVME_MI_SEND', 'NVMe-MI Send'],
  [ADMIN_NVME_MI_RECEIVE, 'NVME_MI_RECEIVE', 'NVMe-MI Receive'],
  [ADMIN_CAPACITY_MANAGEMENT, 'CAPACITY_MANAGEMENT', 'Capacity Management'],
  [ADMIN_DISCOVERY_INFORMATION_MANAGEMENT, 'DISCOVERY_INFORMATION_MANAGEMENT', 'Discovery Information Management'],
  [ADMIN_FABRIC_ZONING_RECEIVE, 'FABRIC_ZONING_RECEIVE', 'Fabric Zoning Receive'],
  [ADMIN_LOCKDOWN, 'LOCKDOWN', 'Lockdown'],
  [ADMIN_FABRIC_ZONING_LOOKUP, 'FABRIC_ZONING_LOOKUP', 'Fabric Zoning Lookup'],
  [ADMIN_CLEAR_EXPORTED_RESOURCE, 'CLEAR_EXPORTED_RESOURCE', 'Clear Exported NVM Resource Configuration'],
  [ADMIN_FABRIC_ZONING_SEND, 'FABRIC_ZONING_SEND', 'Fabric Zoning Send'],
  [ADMIN_CREATE_EXPORTED_SUBSYSTEM, 'CREATE_EXPORTED_SUBSYSTEM', 'Create Exported NVM Subsystem'],
  [ADMIN_MANAGE_EXPORTED_SUBSYSTEM, 'MANAGE_EXPORTED_SUBSYSTEM', 'Manage Exported NVM Subsystem'],
  [ADMIN_MANAGE_EXPORTED_NAMESPACE, 'MANAGE_EXPORTED_NAMESPACE', 'Manage Exported Namespace'],
  [ADMIN_MANAGE_EXPORTED_PORT, 'MANAGE_EXPORTED_PORT', 'Manage Exported Port'],
  [ADMIN_SEND_DISCOVERY_LOG_PAGE, 'SEND_DISCOVERY_LOG_PAGE', 'Send Discovery Log Page'],
  [ADMIN_TRACK_SEND, 'TRACK_SEND', 'Track Send'],
  [ADMIN_TRACK_RECEIVE, 'TRACK_RECEIVE', 'Track Receive'],
  [ADMIN_MIGRATION_SEND, 'MIGRATION_SEND', 'Migration Send'],
  [ADMIN_MIGRATION_RECEIVE, 'MIGRATION_RECEIVE', 'Migration Receive'],
  [ADMIN_CONTROLLER_DATA_QUEUE, 'CONTROLLER_DATA_QUEUE', 'Controller Data Queue'],
  [ADMIN_DOORBELL_BUFFER_CONFIG, 'DOORBELL_BUFFER_CONFIG', 'Doorbell Buffer Config'],
  [ADMIN_FABRICS, 'FABRICS', 'Fabrics Commands'],
  [ADMIN_FORMAT_NVM, 'FORMAT_NVM', 'Format NVM'],
  [ADMIN_SECURITY_SEND, 'SECURITY_SEND', 'Security Send'],
  [ADMIN_SECURITY_RECEIVE, 'SECURITY_RECEIVE', 'Security Receive'],
  [ADMIN_SANITIZE, 'SANITIZE', 'Sanitize'],
  [ADMIN_LOAD_PROGRAM, 'LOAD_PROGRAM', 'Load Program'],
  [ADMIN_GET_LBA_STATUS, 'GET_LBA_STATUS', 'Get LBA Status'],
  [ADMIN_PROGRAM_ACTIVATION_MANAGEMENT, 'PROGRAM_ACTIVATION_MANAGEMENT', 'Program Activation Management'],
  [ADMIN_MEMORY_RANGE_SET_MANAGEMENT, 'MEMORY_RANGE_SET_MANAGEMENT', 'Memory Range Set Management'],
];

/** Text of an admin opcode, such as `Get Log Page (02h)`; unknown ones read as reserved or vendor specific. */
export function describeAdminOpcode(opcode: number): string {
  return describeRow(ADMIN_OPCODES, opcode);
}
