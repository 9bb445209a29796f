/**
 * Bits of the Identify Controller fields that drivers and controllers decide on. [Base] 5.1.13.2.1
 */

/** CMIC bit 0: the NVM subsystem may have two or more ports. */
export const CMIC_MULTI_PORT = 0x01;
/** CMIC bit 1: the NVM subsystem may have two or more controllers. */
export const CMIC_MULTI_CONTROLLER = 0x02;
/** CMIC bit 2: the controller is an SR-IOV virtual function. */
export const CMIC_VIRTUAL_FUNCTION = 0x04;
/** CMIC bit 3: asymmetric namespace access is reported. */
export const CMIC_ANA_REPORTING = 0x08;

/** OAES bit 8: attached namespace attribute notices. */
export const OAES_NAMESPACE_ATTRIBUTE = 0x00000100;
/** OAES bit 9: firmware activation notices. */
export const OAES_FIRMWARE_ACTIVATION = 0x00000200;
/** OAES bit 11: asymmetric namespace access change notices. */
export const OAES_ANA_CHANGE = 0x00000800;
/** OAES bit 12: predictable latency event aggregate log change notices. */
export const OAES_PREDICTABLE_LATENCY = 0x00001000;
/** OAES bit 13: LBA status information alert notices. */
export const OAES_LBA_STATUS = 0x00002000;
/** OAES bit 14: endurance group event aggregate log change notices. */
export const OAES_ENDURANCE_GROUP = 0x00004000;
/** OAES bit 15: normal NVM subsystem shutdown events. */
export const OAES_SUBSYSTEM_SHUTDOWN = 0x00008000;
/** OAES bit 16: temperature threshold hysteresis recovery events. */
export const OAES_TEMPERATURE_RECOVERY = 0x00010000;
/** OAES bit 17: reachability groups change notices. */
export const OAES_REACHABILITY_GROUPS = 0x00020000;
/** OAES bit 19: allocated namespace attribute notices. */
export const OAES_ALLOCATED_NAMESPACE = 0x00080000;
/** OAES bit 27: zone descriptor changed notices. */
export const OAES_ZONE_DESCRIPTOR = 0x08000000;
/** OAES bit 31: discovery log page change notices. */
export const OAES_DISCOVERY = 0x80000000;

/** CTRATT bit 0: 128-bit host identifiers. */
export const CTRATT_HOST_IDENTIFIER_128 = 0x00000001;
/** CTRATT bit 1: non-operational power state permissive mode. */
export const CTRATT_PERMISSIVE_MODE = 0x00000002;
/** CTRATT bit 2: NVM Sets. */
export const CTRATT_NVM_SETS = 0x00000004;
/** CTRATT bit 3: read recovery levels. */
export const CTRATT_READ_RECOVERY_LEVELS = 0x00000008;
/** CTRATT bit 4: Endurance Groups. */
export const CTRATT_ENDURANCE_GROUPS = 0x00000010;
/** CTRATT bit 5: predictable latency mode. */
export const CTRATT_PREDICTABLE_LATENCY = 0x00000020;
/** CTRATT bit 6: traffic restarts the keep alive timer. */
export const CTRATT_TRAFFIC_KEEP_ALIVE = 0x00000040;
/** CTRATT bit 7: namespace granularity is reported. */
export const CTRATT_NAMESPACE_GRANULARITY = 0x00000080;
/** CTRATT bit 8: submission queue associations. */
export const CTRATT_SQ_ASSOCIATIONS = 0x00000100;
/** CTRATT bit 9: a UUID list. */
export const CTRATT_UUID_LIST = 0x00000200;
/** CTRATT bit 10: several domains. */
export const CTRATT_MULTI_DOMAIN = 0x00000400;
/** CTRATT bit 11: fixed capacity management. */
export const CTRATT_FIXED_CAPACITY = 0x00000800;
/** CTRATT bit 12: variable capacity management. */
export const CTRATT_VARIABLE_CAPACITY = 0x00001000;
/** CTRATT bit 13: Endurance Groups can be deleted. */
export const CTRATT_DELETE_ENDURANCE_GROUP = 0x00002000;
/** CTRATT bit 14: NVM Sets can be deleted. */
export const CTRATT_DELETE_NVM_SET = 0x00004000;
/** CTRATT bit 15: extended LBA formats. */
export const CTRATT_EXTENDED_LBA_FORMATS = 0x00008000;
/** CTRATT bit 16: MDTS and the other size limits do not count metadata. */
export const CTRATT_LIMITS_EXCLUDE_METADATA = 0x00010000;
/** CTRATT bit 17: the host memory buffer can be left alone in non-operational power states. */
export const CTRATT_HMB_RESTRICTION = 0x00020000;
/** CTRATT bit 18: reservations need a host identifier that is not zero. */
export const CTRATT_RESERVATIONS_HOST_IDENTIFIER = 0x00040000;
/** CTRATT bit 19: flexible data placement. */
export const CTRATT_FDP = 0x00080000;

/** CNTRLTYPE: not reported. */
export const CNTRLTYPE_NOT_REPORTED = 0;
/** CNTRLTYPE: I/O controller. */
export const CNTRLTYPE_IO = 1;
/** CNTRLTYPE: discovery controller. */
export const CNTRLTYPE_DISCOVERY = 2;
/** CNTRLTYPE: administrative controller. */
export const CNTRLTYPE_ADMINISTRATIVE = 3;

/** OACS bit 0: Security Send and Receive. */
export const OACS_SECURITY = 0x0001;
/** OACS bit 1: Format NVM. */
export const OACS_FORMAT_NVM = 0x0002;
/** OACS bit 2: Firmware Commit and Download. */
export const OACS_FIRMWARE = 0x0004;
/** OACS bit 3: Namespace Management and Attachment. */
export const OACS_NAMESPACE_MANAGEMENT = 0x0008;
/** OACS bit 4: Device Self-test. */
export const OACS_SELF_TEST = 0x0010;
/** OACS bit 5: Directives. */
export const OACS_DIRECTIVES = 0x0020;
/** OACS bit 6: NVMe-MI Send and Receive. */
export const OACS_NVME_MI = 0x0040;
/** OACS bit 7: Virtualization Management. */
export const OACS_VIRTUALIZATION = 0x0080;
/** OACS bit 8: Doorbell Buffer Config. */
export const OACS_DOORBELL_BUFFER = 0x0100;
/** OACS bit 9: Get LBA Status. */
export const OACS_LBA_STATUS = 0x0200;
/** OACS bit 10: Lockdown. */
export const OACS_LOCKDOWN = 0x0400;
/** OACS bit 11: host managed live migration. */
export const OACS_LIVE_MIGRATION = 0x0800;

/** LPA bit 0: the SMART log is available per namespace. */
export const LPA_SMART_PER_NAMESPACE = 0x01;
/** LPA bit 1: Commands Supported and Effects log. */
export const LPA_COMMAND_EFFECTS = 0x02;
/** LPA bit 2: extended data for Get Log Page, NUMDU and LPO count. */
export const LPA_EXTENDED_DATA = 0x04;
/** LPA bit 3: telemetry logs. */
export const LPA_TELEMETRY = 0x08;
/** LPA bit 4: Persistent Event log. */
export const LPA_PERSISTENT_EVENT = 0x10;
/** LPA bit 5: log pages 00h, 05h, 12h, 13h and 14h. */
export const LPA_MISCELLANEOUS = 0x20;
/** LPA bit 6: telemetry data area 4. */
export const LPA_TELEMETRY_AREA_4 = 0x40;

/** FRMW bit 0: firmware slot 1 is read only. */
export const FRMW_SLOT_1_READ_ONLY = 0x01;
/** FRMW 3:1, firmware slots 1..7: position. */
export const FRMW_SLOTS_SHIFT = 1;
/** FRMW 3:1, firmware slots: mask after the shift. */
export const FRMW_SLOTS_MASK = 0x7;
/** FRMW bit 4: firmware can be activated without a reset. */
export const FRMW_ACTIVATION_WITHOUT_RESET = 0x10;
/** FRMW bit 5: overlapping updates are detected. */
export const FRMW_MULTIPLE_UPDATE_DETECTION = 0x20;

/** APSTA bit 0: autonomous power state transitions. */
export const APSTA_SUPPORTED = 0x01;
/** HCTMA bit 0: host controlled thermal management. */
export const HCTMA_SUPPORTED = 0x0001;

/** DSTO bit 0: one self-test at a time in the NVM subsystem, else in each controller. */
export const DSTO_SINGLE = 0x01;
/** DSTO bit 1: host-initiated refresh. */
export const DSTO_REFRESH = 0x02;

/** SANICAP bit 0: crypto erase. */
export const SANICAP_CRYPTO_ERASE = 0x00000001;
/** SANICAP bit 1: block erase. */
export const SANICAP_BLOCK_ERASE = 0x00000002;
/** SANICAP bit 2: overwrite. */
export const SANICAP_OVERWRITE = 0x00000004;
/** SANICAP bit 3: media verification. */
export const SANICAP_VERIFICATION = 0x00000008;
/** SANICAP bit 29: NDAS of a Sanitize command is not honored, see feature 17h. */
export const SANICAP_NO_DEALLOCATE_INHIBITED = 0x20000000;
/** SANICAP 31:30, whether media is modified after a sanitize with NDAS: 1 no, 2 yes. Position. */
export const SANICAP_NODMMAS_SHIFT = 30;

/** PLSI bit 0: emergency power fail. */
export const PLSI_EMERGENCY = 0x01;
/** PLSI bit 1: forced quiescence. */
export const PLSI_FORCED_QUIESCENCE = 0x02;
/** BPCAP 1:0, boot partition write protection by RPMB: 0 not reported, 1 no, 2 yes. */
export const BPCAP_RPMB_MASK = 0x03;
/** BPCAP bit 2: boot partition write protection by Set Features. */
export const BPCAP_SET_FEATURES = 0x04;

/** ANACAP bit 0: ANA Optimized state is reported. */
export const ANACAP_OPTIMIZED = 0x01;
/** ANACAP bit 1: ANA Non-Optimized state is reported. */
export const ANACAP_NON_OPTIMIZED = 0x02;
/** ANACAP bit 2: ANA Inaccessible state is reported. */
export const ANACAP_INACCESSIBLE = 0x04;
/** ANACAP bit 3: ANA Persistent Loss state is reported. */
export const ANACAP_PERSISTENT_LOSS = 0x08;
/** ANACAP bit 4: ANA Change state is reported. */
export const ANACAP_CHANGE = 0x10;
/** ANACAP bit 6: a namespace keeps its ANAGRPID while it is attached to any controller. */
export const ANACAP_STATIC_GROUP = 0x40;
/** ANACAP bit 7: Namespace Management may set ANAGRPID. */
export const ANACAP_GROUP_SETTABLE = 0x80;

/** ONCS bit 0: Compare. */
export const ONCS_COMPARE = 0x0001;
/** ONCS bit 1: Write Uncorrectable. */
export const ONCS_WRITE_UNCORRECTABLE = 0x0002;
/** ONCS bit 2: Dataset Management. */
export const ONCS_DATASET_MANAGEMENT = 0x0004;
/** ONCS bit 3: Write Zeroes. */
export const ONCS_WRITE_ZEROES = 0x0008;
/** ONCS bit 4: Set Features can save, Get Features can select. */
export const ONCS_SAVE_SELECT = 0x0010;
/** ONCS bit 5: reservations. */
export const ONCS_RESERVATIONS = 0x0020;
/** ONCS bit 6: the Timestamp feature. */
export const ONCS_TIMESTAMP = 0x0040;
/** ONCS bit 7: Verify. */
export const ONCS_VERIFY = 0x0080;
/** ONCS bit 8: Copy. */
export const ONCS_COPY = 0x0100;
/** ONCS bit 9: Copy of one source range is atomic up to the limit for writes. */
export const ONCS_COPY_ATOMIC = 0x0200;
/** ONCS bit 10: every copy is a fast copy. */
export const ONCS_COPY_ALL_FAST = 0x0400;
/** ONCS bit 11: Write Zeroes with DEAC is bound by WZDSL instead of WZSL. */
export const ONCS_WRITE_ZEROES_DEALLOCATE_LIMIT = 0x0800;
/** ONCS bit 12: Write Zeroes for a whole namespace. */
export const ONCS_NAMESPACE_ZEROES = 0x1000;

/** FUSES bit 0: Compare and Write. */
export const FUSES_COMPARE_AND_WRITE = 0x0001;

/** FNA bit 0: a format is of every namespace. */
export const FNA_FORMAT_ALL = 0x01;
/** FNA bit 1: a secure erase is of every namespace. */
export const FNA_ERASE_ALL = 0x02;
/** FNA bit 2: cryptographic erase. */
export const FNA_CRYPTOGRAPHIC = 0x04;
/** FNA bit 3: NSID FFFFFFFFh is refused. */
export const FNA_NO_BROADCAST = 0x08;

/** NWPC bit 0: namespace write protection, on and off. */
export const NWPC_WRITE_PROTECT = 0x01;
/** NWPC bit 1: write protection until the next power cycle. */
export const NWPC_UNTIL_POWER_CYCLE = 0x02;
/** NWPC bit 2: permanent write protection. */
export const NWPC_PERMANENT = 0x04;

/** CDFS bit 0: copy descriptor format 0h; bit n is format n, up to 4. */
export const CDFS_FORMAT_0 = 0x0001;
/** CDFS bit 1: copy descriptor format 1h. */
export const CDFS_FORMAT_1 = 0x0002;
/** CDFS bit 2: copy descriptor format 2h. */
export const CDFS_FORMAT_2 = 0x0004;
/** CDFS bit 3: copy descriptor format 3h. */
export const CDFS_FORMAT_3 = 0x0008;
/** CDFS bit 4: copy descriptor format 4h. */
export const CDFS_FORMAT_4 = 0x0010;

/** VWC bit 0: a volatile write cache is present. */
export const VWC_PRESENT = 0x01;
/** VWC 2:1, what Flush with NSID FFFFFFFFh does: position. */
export const VWC_FLUSH_BROADCAST_SHIFT = 1;
/** VWC 2:1: Flush with NSID FFFFFFFFh is not supported. */
export const VWC_FLUSH_BROADCAST_UNSUPPORTED = 2;
/** VWC 2:1: Flush with NSID FFFFFFFFh flushes every attached namespace. */
export const VWC_FLUSH_BROADCAST_SUPPORTED = 3;

/** SGLS 1:0: 0 SGLs are not supported, 1 any alignment, 2 dword aligned. */
export const SGLS_SUPPORT_MASK = 0x00000003;
/** SGLS 1:0: SGLs of any alignment. */
export const SGLS_SUPPORTED = 0x00000001;
/** SGLS 1:0: SGLs, data blocks dword aligned and of whole dwords. */
export const SGLS_SUPPORTED_DWORD = 0x00000002;
/** SGLS bit 2: keyed data blocks. */
export const SGLS_KEYED = 0x00000004;
/** SGLS 15:8, descriptors of a command that are recommended at most, 0 for no recommendation: position. */
export const SGLS_THRESHOLD_SHIFT = 8;
/** SGLS 15:8, descriptors recommended at most: mask after the shift. */
export const SGLS_THRESHOLD_MASK = 0xff;
/** SGLS bit 16: bit buckets. */
export const SGLS_BIT_BUCKET = 0x00010000;
/** SGLS bit 17: metadata in one contiguous buffer (PSDT 01b) may begin at any byte. */
export const SGLS_METADATA_BYTE_ALIGNED = 0x00020000;
/** SGLS bit 18: an SGL may be longer than the data. */
export const SGLS_LENGTH_LARGER = 0x00040000;
/** SGLS bit 19: MPTR may point to an SGL segment (PSDT 10b). */
export const SGLS_METADATA_SGL = 0x00080000;
/** SGLS bit 20: addresses may be offsets. */
export const SGLS_ADDRESS_OFFSET = 0x00100000;
/** SGLS bit 21: transport data blocks. */
export const SGLS_TRANSPORT = 0x00200000;
