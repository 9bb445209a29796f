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

/** CTRATT bit 0: 128-bit host identifiers. */
export const CTRATT_HOST_IDENTIFIER_128 = 0x00000001;
/** CTRATT bit 6: traffic restarts the keep alive timer. */
export const CTRATT_TRAFFIC_KEEP_ALIVE = 0x00000040;
/** CTRATT bit 15: extended LBA formats. */
export const CTRATT_EXTENDED_LBA_FORMATS = 0x00008000;

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
