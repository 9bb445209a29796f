// Why cells of docs/support.md have no file in them. support-table.mjs refuses a reason for a cell that has one, and an empty cell without a reason.
//   why         the driver, the controller or both do not have the row; shown in each cell that is empty
//   untested    somebody has it, and no test names it
// A reason is a few words of Markdown that a reader understands without this file.

export const REASONS = [
  // Other transports, other kinds of controller
  {
    why: 'fabrics only',
    constants: ['ADMIN_FABRICS', 'STATUS_SGL_OFFSET_INVALID'],
  },
  {
    why: 'fabrics only: discovery and zoning',
    constants: [
      'ADMIN_DISCOVERY_INFORMATION_MANAGEMENT',
      'ADMIN_FABRIC_ZONING_RECEIVE',
      'ADMIN_FABRIC_ZONING_LOOKUP',
      'ADMIN_FABRIC_ZONING_SEND',
      'ADMIN_SEND_DISCOVERY_LOG_PAGE',
      'LOG_DISCOVERY',
      'LOG_HOST_DISCOVERY',
      'LOG_AVE_DISCOVERY',
      'LOG_PULL_MODEL_DDC_REQUEST',
      'STATUS_INVALID_DISCOVERY_INFORMATION',
      'STATUS_ZONING_STRUCTURE_LOCKED',
      'STATUS_ZONING_STRUCTURE_NOT_FOUND',
      'STATUS_INSUFFICIENT_DISCOVERY_RESOURCES',
      'STATUS_REQUESTED_FUNCTION_DISABLED',
      'STATUS_ZONEGROUP_ORIGINATOR_INVALID',
    ],
  },
  {
    why: 'fabrics only: exported subsystems',
    constants: [
      'ADMIN_CLEAR_EXPORTED_RESOURCE',
      'ADMIN_CREATE_EXPORTED_SUBSYSTEM',
      'ADMIN_MANAGE_EXPORTED_SUBSYSTEM',
      'ADMIN_MANAGE_EXPORTED_NAMESPACE',
      'ADMIN_MANAGE_EXPORTED_PORT',
      'IDENTIFY_CNS_UNDERLYING_NAMESPACE_LIST',
      'IDENTIFY_CNS_PORT_LIST',
      'STATUS_INVALID_HOST',
      'STATUS_INVALID_NVM_SUBSYSTEM',
    ],
  },
  {
    why: 'no physical link to measure',
    constants: ['LOG_RECEIVER_EYE_OPENING'],
  },

  // Other I/O command sets
  {
    why: 'another command set: zoned namespaces',
    constants: [
      'STATUS_ZONE_BOUNDARY_ERROR',
      'STATUS_ZONE_IS_FULL',
      'STATUS_ZONE_IS_READ_ONLY',
      'STATUS_ZONE_IS_OFFLINE',
      'STATUS_ZONE_INVALID_WRITE',
      'STATUS_TOO_MANY_ACTIVE_ZONES',
      'STATUS_TOO_MANY_OPEN_ZONES',
      'STATUS_INVALID_ZONE_STATE_TRANSITION',
    ],
  },
  {
    why: 'another command set: key value',
    constants: [
      'FEATURE_KEY_VALUE_CONFIG',
      'STATUS_INVALID_VALUE_SIZE',
      'STATUS_INVALID_KEY_SIZE',
      'STATUS_KEY_DOES_NOT_EXIST',
      'STATUS_UNRECOVERED_ERROR',
      'STATUS_KEY_EXISTS',
    ],
  },
  {
    why: 'other command sets: computational programs, local memory',
    constants: [
      'ADMIN_LOAD_PROGRAM',
      'ADMIN_PROGRAM_ACTIVATION_MANAGEMENT',
      'ADMIN_MEMORY_RANGE_SET_MANAGEMENT',
      'STATUS_INSUFFICIENT_PROGRAM_RESOURCES',
      'STATUS_INVALID_MEMORY_NAMESPACE',
      'STATUS_INVALID_MEMORY_RANGE_SET',
      'STATUS_INVALID_MEMORY_RANGE_SET_IDENTIFIER',
      'STATUS_INVALID_PROGRAM_DATA',
      'STATUS_INVALID_PROGRAM_INDEX',
      'STATUS_INVALID_PROGRAM_TYPE',
      'STATUS_MEMORY_RANGES_EXCEEDED',
      'STATUS_MEMORY_RANGE_SETS_EXCEEDED',
      'STATUS_PROGRAMS_ACTIVATED_EXCEEDED',
      'STATUS_PROGRAM_BYTES_EXCEEDED',
      'STATUS_MEMORY_RANGE_SET_IN_USE',
      'STATUS_NO_PROGRAM',
      'STATUS_OVERLAPPING_MEMORY_RANGES',
      'STATUS_PROGRAM_NOT_ACTIVATED',
      'STATUS_PROGRAM_IN_USE',
      'STATUS_PROGRAM_INDEX_NOT_DOWNLOADABLE',
      'STATUS_PROGRAM_TOO_BIG',
    ],
  },
  {
    why: 'the NVM Command Set is the only one, and always enabled',
    constants: ['STATUS_COMMAND_SET_NOT_ENABLED'],
  },

  // Optional parts that are not modelled
  {
    why: 'optional: virtualization',
    constants: [
      'ADMIN_VIRTUALIZATION_MANAGEMENT',
      'IDENTIFY_CNS_PRIMARY_CONTROLLER',
      'IDENTIFY_CNS_SECONDARY_CONTROLLER_LIST',
      'STATUS_INVALID_CONTROLLER_IDENTIFIER',
      'STATUS_INVALID_SECONDARY_CONTROLLER_STATE',
      'STATUS_INVALID_CONTROLLER_RESOURCE_COUNT',
      'STATUS_INVALID_RESOURCE_IDENTIFIER',
    ],
  },
  {
    why: 'optional: management interface, NVMe-MI',
    constants: [
      'ADMIN_NVME_MI_SEND',
      'ADMIN_NVME_MI_RECEIVE',
      'FEATURE_EMBEDDED_MANAGEMENT_ADDRESS',
      'FEATURE_HOST_MANAGEMENT_ADDRESS',
      'FEATURE_ENHANCED_CONTROLLER_METADATA',
      'FEATURE_CONTROLLER_METADATA',
      'FEATURE_NAMESPACE_METADATA',
      'LOG_MI_COMMAND_EFFECTS',
      'LOG_MANAGEMENT_ADDRESS_LIST',
    ],
  },
  {
    why: 'optional: NVM Sets, Endurance Groups, domains',
    constants: [
      'ADMIN_CAPACITY_MANAGEMENT',
      'FEATURE_READ_RECOVERY_LEVEL',
      'FEATURE_PREDICTABLE_LATENCY_CONFIG',
      'FEATURE_PREDICTABLE_LATENCY_WINDOW',
      'FEATURE_ENDURANCE_EVENT_CONFIG',
      'LOG_ENDURANCE_GROUP',
      'LOG_PREDICTABLE_LATENCY',
      'LOG_PREDICTABLE_LATENCY_EVENTS',
      'LOG_ENDURANCE_GROUP_EVENTS',
      'LOG_MEDIA_UNIT_STATUS',
      'LOG_CAPACITY_CONFIGURATIONS',
      'IDENTIFY_CNS_NVM_SET_LIST',
      'IDENTIFY_CNS_DOMAIN_LIST',
      'IDENTIFY_CNS_ENDURANCE_GROUP_LIST',
      'STATUS_INSUFFICIENT_CAPACITY',
      'STATUS_IDENTIFIER_UNAVAILABLE',
    ],
  },
  {
    why: 'optional: migration between hosts',
    constants: [
      'ADMIN_TRACK_SEND',
      'ADMIN_TRACK_RECEIVE',
      'ADMIN_MIGRATION_SEND',
      'ADMIN_MIGRATION_RECEIVE',
      'ADMIN_CONTROLLER_DATA_QUEUE',
      'FEATURE_CONTROLLER_DATA_QUEUE',
      'IDENTIFY_CNS_CONTROLLER_STATE_FORMATS',
      'STATUS_INVALID_CONTROLLER_DATA_QUEUE',
      'STATUS_NOT_ENOUGH_RESOURCES',
      'STATUS_CONTROLLER_SUSPENDED',
      'STATUS_CONTROLLER_NOT_SUSPENDED',
      'STATUS_CONTROLLER_DATA_QUEUE_FULL',
    ],
  },
  {
    why: 'optional: flexible data placement',
    constants: [
      'NVM_IO_MANAGEMENT_RECEIVE',
      'NVM_IO_MANAGEMENT_SEND',
      'FEATURE_FLEXIBLE_DATA_PLACEMENT',
      'FEATURE_FDP_EVENTS',
      'LOG_FDP_CONFIGURATIONS',
      'LOG_RECLAIM_UNIT_HANDLE_USAGE',
      'LOG_FDP_STATISTICS',
      'LOG_FDP_EVENTS',
      'STATUS_FDP_DISABLED',
      'STATUS_INVALID_PLACEMENT_HANDLE_LIST',
    ],
  },
  {
    why: 'optional: lockdown',
    constants: ['ADMIN_LOCKDOWN', 'LOG_LOCKDOWN', 'STATUS_PROHIBITED_BY_LOCKDOWN', 'STATUS_LOCKDOWN_NOT_SUPPORTED'],
  },
  {
    why: 'optional: LBA status',
    constants: ['ADMIN_GET_LBA_STATUS', 'FEATURE_LBA_STATUS_INTERVAL', 'LOG_LBA_STATUS'],
  },
  {
    why: 'optional: boot partitions',
    constants: [
      'FEATURE_BOOT_PARTITION_WRITE_PROTECTION',
      'LOG_BOOT_PARTITION',
      'STATUS_BOOT_PARTITION_WRITE_PROHIBITED',
    ],
  },
  {
    why: 'optional: dispersed namespaces',
    constants: [
      'LOG_DISPERSED_NAMESPACE_SUBSYSTEMS',
      'STATUS_DISPERSED_NAMESPACE_NOT_ENABLED',
      'STATUS_NAMESPACE_IS_DISPERSED',
    ],
  },
  {
    why: 'optional: reachability groups',
    constants: ['LOG_REACHABILITY_GROUPS', 'LOG_REACHABILITY_ASSOCIATIONS', 'STATUS_NAMESPACE_NOT_REACHABLE'],
  },
  { why: 'optional: key per I/O', constants: ['STATUS_INVALID_KEY_TAG', 'STATUS_INCORRECT_KEY'] },
  { why: 'optional: Abort does the same', constants: ['NVM_CANCEL', 'STATUS_INVALID_COMMAND_ID'] },
  {
    why: 'one power state: nothing to move between',
    constants: ['FEATURE_AUTONOMOUS_POWER_STATE', 'FEATURE_NON_OPERATIONAL_POWER_STATE'],
  },
  { why: 'nothing rotates', constants: ['FEATURE_SPINUP_CONTROL', 'LOG_ROTATIONAL_MEDIA'] },
  {
    why: 'power is lost without notice',
    constants: ['FEATURE_POWER_LOSS_SIGNALING', 'STATUS_ABORTED_POWER_LOSS'],
  },
  { why: 'the model needs no memory of its host', constants: ['FEATURE_HOST_MEMORY_BUFFER'] },
  { why: 'optional: levels of performance', constants: ['FEATURE_PERFORMANCE_CHARACTERISTICS'] },
  { why: 'optional: a label for people', constants: ['FEATURE_NAMESPACE_ADMIN_LABEL'] },
  { why: 'optional: for what runs before an operating system', constants: ['FEATURE_SOFTWARE_PROGRESS'] },

  // Statuses that the model has no occasion for
  { why: 'the number 0: whatever is not refused', constants: ['STATUS_SUCCESS'] },
  {
    why: 'only when injected',
    constants: [
      'STATUS_INTERNAL_ERROR',
      'STATUS_COMMAND_INTERRUPTED',
      'STATUS_TRANSIENT_TRANSPORT_ERROR',
      'STATUS_INTERNAL_PATH_ERROR',
      'STATUS_CONTROLLER_PATHING_ERROR',
    ],
  },
  {
    why: 'ready as soon as the controller is; only when injected',
    constants: ['STATUS_ADMIN_MEDIA_NOT_READY', 'STATUS_NAMESPACE_NOT_READY'],
  },
  {
    why: 'of the host itself; no controller sends it',
    constants: ['STATUS_HOST_PATHING_ERROR', 'STATUS_COMMAND_ABORTED_BY_HOST'],
  },
  { why: 'every write that is not too large is atomic', constants: ['STATUS_ATOMIC_WRITE_UNIT_EXCEEDED'] },
  { why: 'no security protocol denies anything', constants: ['STATUS_OPERATION_DENIED', 'STATUS_ACCESS_DENIED'] },
  { why: 'any timeout can be kept', constants: ['STATUS_KEEP_ALIVE_INVALID'] },
  { why: 'SGLs may have any length and alignment', constants: ['STATUS_SGL_GRANULARITY_INVALID'] },
  {
    why: 'a queue in controller memory may hold any command',
    constants: ['STATUS_COMMAND_NOT_SUPPORTED_IN_CMB'],
  },
  {
    why: 'every image can be activated, at once or by a Controller Level Reset',
    constants: [
      'STATUS_FIRMWARE_NEEDS_CONVENTIONAL_RESET',
      'STATUS_FIRMWARE_NEEDS_SUBSYSTEM_RESET',
      'STATUS_FIRMWARE_NEEDS_MAXIMUM_TIME',
      'STATUS_FIRMWARE_ACTIVATION_PROHIBITED',
    ],
  },
  { why: 'a namespace of any ANA group can be attached', constants: ['STATUS_ANA_ATTACH_FAILED'] },
  { why: 'attachments have no limit', constants: ['STATUS_NAMESPACE_ATTACHMENT_LIMIT_EXCEEDED'] },
  { why: 'attributes are hints, and contradictions are accepted', constants: ['STATUS_CONFLICTING_ATTRIBUTES'] },
  { why: 'a namespace is read only as a whole', constants: ['STATUS_WRITE_TO_READ_ONLY_RANGE'] },
  { why: 'every copy is a fast one', constants: ['STATUS_FAST_COPY_NOT_POSSIBLE'] },
  { why: 'nothing that a copy needs can run out', constants: ['STATUS_INSUFFICIENT_RESOURCES'] },
  {
    why: 'reads are refused while media are verified',
    constants: ['STATUS_SUCCESSFUL_MEDIA_VERIFICATION_READ'],
  },

  // Rows that no test names
  {
    untested:
      'a row of log-generations.ts, whose rule is [tested](../packages/nvme/src/admin/log-page.test.ts) with others',
    constants: [
      'LOG_DISPERSED_NAMESPACE_SUBSYSTEMS',
      'LOG_REACHABILITY_GROUPS',
      'LOG_REACHABILITY_ASSOCIATIONS',
      'LOG_DISCOVERY',
      'LOG_HOST_DISCOVERY',
      'LOG_AVE_DISCOVERY',
    ],
  },
];
