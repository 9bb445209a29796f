/**
 * Status codes, SCT << 8 | SC: compare with `statusCode(status)`. [Base] 4.2.3
 *
 * One section per status code type. Codes that a command set defines for itself are in the same tables; where two
 * command sets share a value (SCT 1, 80h and up) the NVM Command Set has it.
 */

// Generic command status, SCT 0. [Base] 4.2.3.1, [NVM] 3.1

/** Generic 00h: Successful Completion. */
export const STATUS_SUCCESS = 0x000;
/** Generic 01h: Invalid Command Opcode. */
export const STATUS_INVALID_OPCODE = 0x001;
/** Generic 02h: Invalid Field in Command. */
export const STATUS_INVALID_FIELD = 0x002;
/** Generic 03h: Command ID Conflict. */
export const STATUS_CID_CONFLICT = 0x003;
/** Generic 04h: Data Transfer Error. */
export const STATUS_DATA_TRANSFER_ERROR = 0x004;
/** Generic 05h: Commands Aborted due to Power Loss Notification. */
export const STATUS_ABORTED_POWER_LOSS = 0x005;
/** Generic 06h: Internal Error. */
export const STATUS_INTERNAL_ERROR = 0x006;
/** Generic 07h: Command Abort Requested. */
export const STATUS_ABORT_REQUESTED = 0x007;
/** Generic 08h: Command Aborted due to SQ Deletion. */
export const STATUS_ABORTED_SQ_DELETION = 0x008;
/** Generic 09h: Command Aborted due to Failed Fused Command. */
export const STATUS_ABORTED_FAILED_FUSED = 0x009;
/** Generic 0ah: Command Aborted due to Missing Fused Command. */
export const STATUS_ABORTED_MISSING_FUSED = 0x00a;
/** Generic 0bh: Invalid Namespace or Format. */
export const STATUS_INVALID_NAMESPACE = 0x00b;
/** Generic 0ch: Command Sequence Error. */
export const STATUS_COMMAND_SEQUENCE_ERROR = 0x00c;
/** Generic 0dh: Invalid SGL Segment Descriptor. */
export const STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR = 0x00d;
/** Generic 0eh: Invalid Number of SGL Descriptors. */
export const STATUS_INVALID_SGL_DESCRIPTOR_COUNT = 0x00e;
/** Generic 0fh: Data SGL Length Invalid. */
export const STATUS_DATA_SGL_LENGTH_INVALID = 0x00f;
/** Generic 10h: Metadata SGL Length Invalid. */
export const STATUS_METADATA_SGL_LENGTH_INVALID = 0x010;
/** Generic 11h: SGL Descriptor Type Invalid. */
export const STATUS_SGL_DESCRIPTOR_TYPE_INVALID = 0x011;
/** Generic 12h: Invalid Use of Controller Memory Buffer. */
export const STATUS_INVALID_CMB_USE = 0x012;
/** Generic 13h: PRP Offset Invalid. */
export const STATUS_INVALID_PRP_OFFSET = 0x013;
/** Generic 14h: Atomic Write Unit Exceeded. */
export const STATUS_ATOMIC_WRITE_UNIT_EXCEEDED = 0x014;
/** Generic 15h: Operation Denied. */
export const STATUS_OPERATION_DENIED = 0x015;
/** Generic 16h: SGL Offset Invalid. */
export const STATUS_SGL_OFFSET_INVALID = 0x016;
/** Generic 18h: Host Identifier Inconsistent Format. */
export const STATUS_HOST_IDENTIFIER_INCONSISTENT = 0x018;
/** Generic 19h: Keep Alive Timer Expired. */
export const STATUS_KEEP_ALIVE_EXPIRED = 0x019;
/** Generic 1ah: Keep Alive Timeout Invalid. */
export const STATUS_KEEP_ALIVE_INVALID = 0x01a;
/** Generic 1bh: Command Aborted due to Preempt and Abort. */
export const STATUS_ABORTED_PREEMPT = 0x01b;
/** Generic 1ch: Sanitize Failed. */
export const STATUS_SANITIZE_FAILED = 0x01c;
/** Generic 1dh: Sanitize In Progress. */
export const STATUS_SANITIZE_IN_PROGRESS = 0x01d;
/** Generic 1eh: SGL Data Block Granularity Invalid. */
export const STATUS_SGL_GRANULARITY_INVALID = 0x01e;
/** Generic 1fh: Command Not Supported for Queue in CMB. */
export const STATUS_COMMAND_NOT_SUPPORTED_IN_CMB = 0x01f;
/** Generic 20h: Namespace is Write Protected. */
export const STATUS_NAMESPACE_WRITE_PROTECTED = 0x020;
/** Generic 21h: Command Interrupted. */
export const STATUS_COMMAND_INTERRUPTED = 0x021;
/** Generic 22h: Transient Transport Error. */
export const STATUS_TRANSIENT_TRANSPORT_ERROR = 0x022;
/** Generic 23h: Command Prohibited by Command and Feature Lockdown. */
export const STATUS_PROHIBITED_BY_LOCKDOWN = 0x023;
/** Generic 24h: Admin Command Media Not Ready. */
export const STATUS_ADMIN_MEDIA_NOT_READY = 0x024;
/** Generic 25h: Invalid Key Tag. */
export const STATUS_INVALID_KEY_TAG = 0x025;
/** Generic 26h: Host Dispersed Namespace Support Not Enabled. */
export const STATUS_DISPERSED_NAMESPACE_NOT_ENABLED = 0x026;
/** Generic 27h: Host Identifier Not Initialized. */
export const STATUS_HOST_IDENTIFIER_NOT_INITIALIZED = 0x027;
/** Generic 28h: Incorrect Key. */
export const STATUS_INCORRECT_KEY = 0x028;
/** Generic 29h: FDP Disabled. */
export const STATUS_FDP_DISABLED = 0x029;
/** Generic 2ah: Invalid Placement Handle List. */
export const STATUS_INVALID_PLACEMENT_HANDLE_LIST = 0x02a;
/** Generic 80h: LBA Out of Range. */
export const STATUS_LBA_OUT_OF_RANGE = 0x080;
/** Generic 81h: Capacity Exceeded. */
export const STATUS_CAPACITY_EXCEEDED = 0x081;
/** Generic 82h: Namespace Not Ready. */
export const STATUS_NAMESPACE_NOT_READY = 0x082;
/** Generic 83h: Reservation Conflict. */
export const STATUS_RESERVATION_CONFLICT = 0x083;
/** Generic 84h: Format In Progress. */
export const STATUS_FORMAT_IN_PROGRESS = 0x084;
/** Generic 85h: Invalid Value Size. */
export const STATUS_INVALID_VALUE_SIZE = 0x085;
/** Generic 86h: Invalid Key Size. */
export const STATUS_INVALID_KEY_SIZE = 0x086;
/** Generic 87h: KV Key Does Not Exist. */
export const STATUS_KEY_DOES_NOT_EXIST = 0x087;
/** Generic 88h: Unrecovered Error. */
export const STATUS_UNRECOVERED_ERROR = 0x088;
/** Generic 89h: Key Exists. */
export const STATUS_KEY_EXISTS = 0x089;

// Command specific status, SCT 1; the meaning depends on the opcode. [Base] 4.2.3.2, [NVM] 3.1

/** Specific 00h: Completion Queue Invalid. */
export const STATUS_INVALID_COMPLETION_QUEUE = 0x100;
/** Specific 01h: Invalid Queue Identifier. */
export const STATUS_INVALID_QUEUE_IDENTIFIER = 0x101;
/** Specific 02h: Invalid Queue Size. */
export const STATUS_INVALID_QUEUE_SIZE = 0x102;
/** Specific 03h: Abort Command Limit Exceeded. */
export const STATUS_ABORT_LIMIT_EXCEEDED = 0x103;
/** Specific 05h: Asynchronous Event Request Limit Exceeded. */
export const STATUS_ASYNC_EVENT_LIMIT_EXCEEDED = 0x105;
/** Specific 06h: Invalid Firmware Slot. */
export const STATUS_INVALID_FIRMWARE_SLOT = 0x106;
/** Specific 07h: Invalid Firmware Image. */
export const STATUS_INVALID_FIRMWARE_IMAGE = 0x107;
/** Specific 08h: Invalid Interrupt Vector. */
export const STATUS_INVALID_INTERRUPT_VECTOR = 0x108;
/** Specific 09h: Invalid Log Page. */
export const STATUS_INVALID_LOG_PAGE = 0x109;
/** Specific 0ah: Invalid Format. */
export const STATUS_INVALID_FORMAT = 0x10a;
/** Specific 0bh: Firmware Activation Requires Conventional Reset. */
export const STATUS_FIRMWARE_NEEDS_CONVENTIONAL_RESET = 0x10b;
/** Specific 0ch: Invalid Queue Deletion. */
export const STATUS_INVALID_QUEUE_DELETION = 0x10c;
/** Specific 0dh: Feature Identifier Not Saveable. */
export const STATUS_FEATURE_NOT_SAVEABLE = 0x10d;
/** Specific 0eh: Feature Not Changeable. */
export const STATUS_FEATURE_NOT_CHANGEABLE = 0x10e;
/** Specific 0fh: Feature Not Namespace Specific. */
export const STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC = 0x10f;
/** Specific 10h: Firmware Activation Requires NVM Subsystem Reset. */
export const STATUS_FIRMWARE_NEEDS_SUBSYSTEM_RESET = 0x110;
/** Specific 11h: Firmware Activation Requires Controller Level Reset. */
export const STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET = 0x111;
/** Specific 12h: Firmware Activation Requires Maximum Time Violation. */
export const STATUS_FIRMWARE_NEEDS_MAXIMUM_TIME = 0x112;
/** Specific 13h: Firmware Activation Prohibited. */
export const STATUS_FIRMWARE_ACTIVATION_PROHIBITED = 0x113;
/** Specific 14h: Overlapping Range. */
export const STATUS_OVERLAPPING_RANGE = 0x114;
/** Specific 15h: Namespace Insufficient Capacity. */
export const STATUS_NAMESPACE_INSUFFICIENT_CAPACITY = 0x115;
/** Specific 16h: Namespace Identifier Unavailable. */
export const STATUS_NAMESPACE_IDENTIFIER_UNAVAILABLE = 0x116;
/** Specific 18h: Namespace Already Attached. */
export const STATUS_NAMESPACE_ALREADY_ATTACHED = 0x118;
/** Specific 19h: Namespace Is Private. */
export const STATUS_NAMESPACE_IS_PRIVATE = 0x119;
/** Specific 1ah: Namespace Not Attached. */
export const STATUS_NAMESPACE_NOT_ATTACHED = 0x11a;
/** Specific 1bh: Thin Provisioning Not Supported. */
export const STATUS_THIN_PROVISIONING_NOT_SUPPORTED = 0x11b;
/** Specific 1ch: Controller List Invalid. */
export const STATUS_CONTROLLER_LIST_INVALID = 0x11c;
/** Specific 1dh: Device Self-test In Progress. */
export const STATUS_SELF_TEST_IN_PROGRESS = 0x11d;
/** Specific 1eh: Boot Partition Write Prohibited. */
export const STATUS_BOOT_PARTITION_WRITE_PROHIBITED = 0x11e;
/** Specific 1fh: Invalid Controller Identifier. */
export const STATUS_INVALID_CONTROLLER_IDENTIFIER = 0x11f;
/** Specific 20h: Invalid Secondary Controller State. */
export const STATUS_INVALID_SECONDARY_CONTROLLER_STATE = 0x120;
/** Specific 21h: Invalid Number of Controller Resources. */
export const STATUS_INVALID_CONTROLLER_RESOURCE_COUNT = 0x121;
/** Specific 22h: Invalid Resource Identifier. */
export const STATUS_INVALID_RESOURCE_IDENTIFIER = 0x122;
/** Specific 23h: Sanitize Prohibited While Persistent Memory Region is Enabled. */
export const STATUS_SANITIZE_PROHIBITED_PMR = 0x123;
/** Specific 24h: ANA Group Identifier Invalid. */
export const STATUS_ANA_GROUP_IDENTIFIER_INVALID = 0x124;
/** Specific 25h: ANA Attach Failed. */
export const STATUS_ANA_ATTACH_FAILED = 0x125;
/** Specific 26h: Insufficient Capacity. */
export const STATUS_INSUFFICIENT_CAPACITY = 0x126;
/** Specific 27h: Namespace Attachment Limit Exceeded. */
export const STATUS_NAMESPACE_ATTACHMENT_LIMIT_EXCEEDED = 0x127;
/** Specific 28h: Prohibition of Command Execution Not Supported. */
export const STATUS_LOCKDOWN_NOT_SUPPORTED = 0x128;
/** Specific 29h: I/O Command Set Not Supported. */
export const STATUS_COMMAND_SET_NOT_SUPPORTED = 0x129;
/** Specific 2ah: I/O Command Set Not Enabled. */
export const STATUS_COMMAND_SET_NOT_ENABLED = 0x12a;
/** Specific 2bh: I/O Command Set Combination Rejected. */
export const STATUS_COMMAND_SET_COMBINATION_REJECTED = 0x12b;
/** Specific 2ch: Invalid I/O Command Set. */
export const STATUS_INVALID_COMMAND_SET = 0x12c;
/** Specific 2dh: Identifier Unavailable. */
export const STATUS_IDENTIFIER_UNAVAILABLE = 0x12d;
/** Specific 2eh: Namespace Is Dispersed. */
export const STATUS_NAMESPACE_IS_DISPERSED = 0x12e;
/** Specific 2fh: Invalid Discovery Information. */
export const STATUS_INVALID_DISCOVERY_INFORMATION = 0x12f;
/** Specific 30h: Zoning Data Structure Locked. */
export const STATUS_ZONING_STRUCTURE_LOCKED = 0x130;
/** Specific 31h: Zoning Data Structure Not Found. */
export const STATUS_ZONING_STRUCTURE_NOT_FOUND = 0x131;
/** Specific 32h: Insufficient Discovery Resources. */
export const STATUS_INSUFFICIENT_DISCOVERY_RESOURCES = 0x132;
/** Specific 33h: Requested Function Disabled. */
export const STATUS_REQUESTED_FUNCTION_DISABLED = 0x133;
/** Specific 34h: ZoneGroup Originator Invalid. */
export const STATUS_ZONEGROUP_ORIGINATOR_INVALID = 0x134;
/** Specific 35h: Invalid Host. */
export const STATUS_INVALID_HOST = 0x135;
/** Specific 36h: Invalid NVM Subsystem. */
export const STATUS_INVALID_NVM_SUBSYSTEM = 0x136;
/** Specific 37h: Invalid Controller Data Queue. */
export const STATUS_INVALID_CONTROLLER_DATA_QUEUE = 0x137;
/** Specific 38h: Not Enough Resources. */
export const STATUS_NOT_ENOUGH_RESOURCES = 0x138;
/** Specific 39h: Controller Suspended. */
export const STATUS_CONTROLLER_SUSPENDED = 0x139;
/** Specific 3ah: Controller Not Suspended. */
export const STATUS_CONTROLLER_NOT_SUSPENDED = 0x13a;
/** Specific 3bh: Controller Data Queue Full. */
export const STATUS_CONTROLLER_DATA_QUEUE_FULL = 0x13b;
/** Specific 7fh: Stream Resource Allocation Failed. */
export const STATUS_STREAM_ALLOCATION_FAILED = 0x17f;
/** Specific 80h: Conflicting Attributes. */
export const STATUS_CONFLICTING_ATTRIBUTES = 0x180;
/** Specific 81h: Invalid Protection Information. */
export const STATUS_INVALID_PROTECTION_INFORMATION = 0x181;
/** Specific 82h: Attempted Write to Read Only Range. */
export const STATUS_WRITE_TO_READ_ONLY_RANGE = 0x182;
/** Specific 83h: Command Size Limit Exceeded. */
export const STATUS_COMMAND_SIZE_LIMIT_EXCEEDED = 0x183;
/** Specific 84h: Invalid Command ID. */
export const STATUS_INVALID_COMMAND_ID = 0x184;
/** Specific 85h: Incompatible Namespace or Format. */
export const STATUS_INCOMPATIBLE_NAMESPACE = 0x185;
/** Specific 86h: Fast Copy Not Possible. */
export const STATUS_FAST_COPY_NOT_POSSIBLE = 0x186;
/** Specific 87h: Overlapping I/O Range. */
export const STATUS_OVERLAPPING_IO_RANGE = 0x187;
/** Specific 88h: Namespace Not Reachable. */
export const STATUS_NAMESPACE_NOT_REACHABLE = 0x188;
/** Specific 89h: Insufficient Resources. */
export const STATUS_INSUFFICIENT_RESOURCES = 0x189;
/** Specific 8ah: Insufficient Program Resources. */
export const STATUS_INSUFFICIENT_PROGRAM_RESOURCES = 0x18a;
/** Specific 8bh: Invalid Memory Namespace. */
export const STATUS_INVALID_MEMORY_NAMESPACE = 0x18b;
/** Specific 8ch: Invalid Memory Range Set. */
export const STATUS_INVALID_MEMORY_RANGE_SET = 0x18c;
/** Specific 8dh: Invalid Memory Range Set Identifier. */
export const STATUS_INVALID_MEMORY_RANGE_SET_IDENTIFIER = 0x18d;
/** Specific 8eh: Invalid Program Data. */
export const STATUS_INVALID_PROGRAM_DATA = 0x18e;
/** Specific 8fh: Invalid Program Index. */
export const STATUS_INVALID_PROGRAM_INDEX = 0x18f;
/** Specific 90h: Invalid Program Type. */
export const STATUS_INVALID_PROGRAM_TYPE = 0x190;
/** Specific 91h: Maximum Memory Ranges Exceeded. */
export const STATUS_MEMORY_RANGES_EXCEEDED = 0x191;
/** Specific 92h: Maximum Memory Range Sets Exceeded. */
export const STATUS_MEMORY_RANGE_SETS_EXCEEDED = 0x192;
/** Specific 93h: Maximum Programs Activated. */
export const STATUS_PROGRAMS_ACTIVATED_EXCEEDED = 0x193;
/** Specific 94h: Maximum Program Bytes Exceeded. */
export const STATUS_PROGRAM_BYTES_EXCEEDED = 0x194;
/** Specific 95h: Memory Range Set In Use. */
export const STATUS_MEMORY_RANGE_SET_IN_USE = 0x195;
/** Specific 96h: No Program. */
export const STATUS_NO_PROGRAM = 0x196;
/** Specific 97h: Overlapping Memory Ranges. */
export const STATUS_OVERLAPPING_MEMORY_RANGES = 0x197;
/** Specific 98h: Program Not Activated. */
export const STATUS_PROGRAM_NOT_ACTIVATED = 0x198;
/** Specific 99h: Program In Use. */
export const STATUS_PROGRAM_IN_USE = 0x199;
/** Specific 9ah: Program Index Not Downloadable. */
export const STATUS_PROGRAM_INDEX_NOT_DOWNLOADABLE = 0x19a;
/** Specific 9bh: Program Too Big. */
export const STATUS_PROGRAM_TOO_BIG = 0x19b;
/** Specific 9ch: Successful Media Verification Read. */
export const STATUS_SUCCESSFUL_MEDIA_VERIFICATION_READ = 0x19c;
/** Specific b8h: Zoned Boundary Error. */
export const STATUS_ZONE_BOUNDARY_ERROR = 0x1b8;
/** Specific b9h: Zone Is Full. */
export const STATUS_ZONE_IS_FULL = 0x1b9;
/** Specific bah: Zone Is Read Only. */
export const STATUS_ZONE_IS_READ_ONLY = 0x1ba;
/** Specific bbh: Zone Is Offline. */
export const STATUS_ZONE_IS_OFFLINE = 0x1bb;
/** Specific bch: Zone Invalid Write. */
export const STATUS_ZONE_INVALID_WRITE = 0x1bc;
/** Specific bdh: Too Many Active Zones. */
export const STATUS_TOO_MANY_ACTIVE_ZONES = 0x1bd;
/** Specific beh: Too Many Open Zones. */
export const STATUS_TOO_MANY_OPEN_ZONES = 0x1be;
/** Specific bfh: Invalid Zone State Transition. */
export const STATUS_INVALID_ZONE_STATE_TRANSITION = 0x1bf;

// Media and data integrity errors, SCT 2. [Base] 4.2.3.3, [NVM] 3.1

/** Media 80h: Write Fault. */
export const STATUS_WRITE_FAULT = 0x280;
/** Media 81h: Unrecovered Read Error. */
export const STATUS_UNRECOVERED_READ_ERROR = 0x281;
/** Media 82h: End-to-end Guard Check Error. */
export const STATUS_GUARD_CHECK_ERROR = 0x282;
/** Media 83h: End-to-end Application Tag Check Error. */
export const STATUS_APPLICATION_TAG_CHECK_ERROR = 0x283;
/** Media 84h: End-to-end Reference Tag Check Error. */
export const STATUS_REFERENCE_TAG_CHECK_ERROR = 0x284;
/** Media 85h: Compare Failure. */
export const STATUS_COMPARE_FAILURE = 0x285;
/** Media 86h: Access Denied. */
export const STATUS_ACCESS_DENIED = 0x286;
/** Media 87h: Deallocated or Unwritten Logical Block. */
export const STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK = 0x287;
/** Media 88h: End-to-end Storage Tag Check Error. */
export const STATUS_STORAGE_TAG_CHECK_ERROR = 0x288;

// Path related status, SCT 3. [Base] 4.2.3.4

/** Path 00h: Internal Path Error. */
export const STATUS_INTERNAL_PATH_ERROR = 0x300;
/** Path 01h: Asymmetric Access Persistent Loss. */
export const STATUS_ANA_PERSISTENT_LOSS = 0x301;
/** Path 02h: Asymmetric Access Inaccessible. */
export const STATUS_ANA_INACCESSIBLE = 0x302;
/** Path 03h: Asymmetric Access Transition. */
export const STATUS_ANA_TRANSITION = 0x303;
/** Path 60h: Controller Pathing Error. */
export const STATUS_CONTROLLER_PATHING_ERROR = 0x360;
/** Path 70h: Host Pathing Error. */
export const STATUS_HOST_PATHING_ERROR = 0x370;
/** Path 71h: Command Aborted By Host. */
export const STATUS_COMMAND_ABORTED_BY_HOST = 0x371;
