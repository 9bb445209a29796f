/**
 * Identify Controller as a readable object, field by field under the names of the specification. [Base] 5.1.13.2.1
 */
import { readAscii, readUint16, readUint32, readUnsigned, toHex } from './bytes.js';
import {
  IDCTRL_BYTES,
  IDCTRL_POWER_STATES,
  IDCTRL_VID,
  IDCTRL_SSVID,
  IDCTRL_SN,
  IDCTRL_MN,
  IDCTRL_FR,
  IDCTRL_RAB,
  IDCTRL_IEEE,
  IDCTRL_CMIC,
  IDCTRL_MDTS,
  IDCTRL_CNTLID,
  IDCTRL_VER,
  IDCTRL_RTD3R,
  IDCTRL_RTD3E,
  IDCTRL_OAES,
  IDCTRL_CTRATT,
  IDCTRL_RRLS,
  IDCTRL_BPCAP,
  IDCTRL_NSSL,
  IDCTRL_PLSI,
  IDCTRL_CNTRLTYPE,
  IDCTRL_FGUID,
  IDCTRL_CRDT1,
  IDCTRL_CRDT2,
  IDCTRL_CRDT3,
  IDCTRL_CRCAP,
  IDCTRL_NVMSR,
  IDCTRL_VWCI,
  IDCTRL_MEC,
  IDCTRL_OACS,
  IDCTRL_ACL,
  IDCTRL_AERL,
  IDCTRL_FRMW,
  IDCTRL_LPA,
  IDCTRL_ELPE,
  IDCTRL_NPSS,
  IDCTRL_AVSCC,
  IDCTRL_APSTA,
  IDCTRL_WCTEMP,
  IDCTRL_CCTEMP,
  IDCTRL_MTFA,
  IDCTRL_HMPRE,
  IDCTRL_HMMIN,
  IDCTRL_TNVMCAP,
  IDCTRL_UNVMCAP,
  IDCTRL_RPMBS,
  IDCTRL_EDSTT,
  IDCTRL_DSTO,
  IDCTRL_FWUG,
  IDCTRL_KAS,
  IDCTRL_HCTMA,
  IDCTRL_MNTMT,
  IDCTRL_MXTMT,
  IDCTRL_SANICAP,
  IDCTRL_HMMINDS,
  IDCTRL_HMMAXD,
  IDCTRL_NSETIDMAX,
  IDCTRL_ENDGIDMAX,
  IDCTRL_ANATT,
  IDCTRL_ANACAP,
  IDCTRL_ANAGRPMAX,
  IDCTRL_NANAGRPID,
  IDCTRL_PELS,
  IDCTRL_DOMAINID,
  IDCTRL_KPIOC,
  IDCTRL_MPTFAWR,
  IDCTRL_MEGCAP,
  IDCTRL_TMPTHHA,
  IDCTRL_CQT,
  IDCTRL_SQES,
  IDCTRL_CQES,
  IDCTRL_MAXCMD,
  IDCTRL_NN,
  IDCTRL_ONCS,
  IDCTRL_FUSES,
  IDCTRL_FNA,
  IDCTRL_VWC,
  IDCTRL_AWUN,
  IDCTRL_AWUPF,
  IDCTRL_ICSVSCC,
  IDCTRL_NWPC,
  IDCTRL_ACWU,
  IDCTRL_CDFS,
  IDCTRL_SGLS,
  IDCTRL_MNAN,
  IDCTRL_MAXDNA,
  IDCTRL_MAXCNA,
  IDCTRL_OAQD,
  IDCTRL_RHIRI,
  IDCTRL_HIRT,
  IDCTRL_CMMRTD,
  IDCTRL_NMMRTD,
  IDCTRL_MINMRTG,
  IDCTRL_MAXMRTG,
  IDCTRL_TRATTR,
  IDCTRL_MCUDMQ,
  IDCTRL_MNSUDMQ,
  IDCTRL_MCMR,
  IDCTRL_NMCMR,
  IDCTRL_MCDQPC,
  IDCTRL_SUBNQN,
  IDCTRL_IOCCSZ,
  IDCTRL_IORCSZ,
  IDCTRL_ICDOFF,
  IDCTRL_FCATT,
  IDCTRL_MSDBD,
  IDCTRL_OFCS,
  IDCTRL_DCTYPE,
  IDCTRL_PSD,
} from './identify-controller.js';
import { decodePowerState, POWER_STATE_BYTES, type PowerState } from './power-state.js';

/** A decoded Identify Controller data structure; vendor specific bytes are left out. */
export interface IdentifyController {
  /** PCI vendor identifier. */ readonly vid: number;
  /** PCI subsystem vendor identifier. */ readonly ssvid: number;
  /** Serial number. */ readonly sn: string;
  /** Model number. */ readonly mn: string;
  /** Firmware revision. */ readonly fr: string;
  /** Recommended arbitration burst, 2^n commands. */ readonly rab: number;
  /** IEEE OUI identifier. */ readonly ieee: number;
  /** Multi-path I/O and namespace sharing, CMIC_*. */ readonly cmic: number;
  /** Largest transfer, 2^n pages of CAP.MPSMIN; 0 no limit. */ readonly mdts: number;
  /** Controller identifier. */ readonly cntlid: number;
  /** Version, the fields of register VS. */ readonly ver: number;
  /** Runtime D3 resume latency, us. */ readonly rtd3r: number;
  /** Runtime D3 entry latency, us. */ readonly rtd3e: number;
  /** Optional asynchronous events supported. */ readonly oaes: number;
  /** Controller attributes. */ readonly ctratt: number;
  /** Read recovery levels supported. */ readonly rrls: number;
  /** Boot partition capabilities. */ readonly bpcap: number;
  /** NVM subsystem shutdown latency, us. */ readonly nssl: number;
  /** Power loss signaling information. */ readonly plsi: number;
  /** Controller type, CNTRLTYPE_*. */ readonly cntrltype: number;
  /** FRU globally unique identifier. */ readonly fguid: string;
  /** Command retry delay 1, 100 ms units. */ readonly crdt1: number;
  /** Command retry delay 2, 100 ms units. */ readonly crdt2: number;
  /** Command retry delay 3, 100 ms units. */ readonly crdt3: number;
  /** Controller reachability capabilities. */ readonly crcap: number;
  /** NVM subsystem report. */ readonly nvmsr: number;
  /** VPD write cycle information. */ readonly vwci: number;
  /** Management endpoint capabilities. */ readonly mec: number;
  /** Optional admin commands, OACS_*. */ readonly oacs: number;
  /** Abort commands at a time, 0's based. */ readonly acl: number;
  /** Asynchronous Event Requests at a time, 0's based. */ readonly aerl: number;
  /** Firmware updates. */ readonly frmw: number;
  /** Log page attributes, LPA_*. */ readonly lpa: number;
  /** Error log entries, 0's based. */ readonly elpe: number;
  /** Power states, 0's based. */ readonly npss: number;
  /** Admin vendor specific command configuration. */ readonly avscc: number;
  /** Autonomous power state transition attributes. */ readonly apsta: number;
  /** Warning composite temperature, kelvins. */ readonly wctemp: number;
  /** Critical composite temperature, kelvins. */ readonly cctemp: number;
  /** Longest firmware activation, 100 ms units. */ readonly mtfa: number;
  /** Host memory buffer preferred, 4 KiB units. */ readonly hmpre: number;
  /** Host memory buffer minimum, 4 KiB units. */ readonly hmmin: number;
  /** Total NVM capacity, bytes. */ readonly tnvmcap: number | bigint;
  /** Unallocated NVM capacity, bytes. */ readonly unvmcap: number | bigint;
  /** Replay protected memory block support. */ readonly rpmbs: number;
  /** Extended self-test time, minutes. */ readonly edstt: number;
  /** Device self-test options. */ readonly dsto: number;
  /** Firmware update granularity, 4 KiB units. */ readonly fwug: number;
  /** Keep alive granularity, 100 ms units; 0 unsupported. */ readonly kas: number;
  /** Host controlled thermal management attributes. */ readonly hctma: number;
  /** Minimum thermal management temperature, kelvins. */ readonly mntmt: number;
  /** Maximum thermal management temperature, kelvins. */ readonly mxtmt: number;
  /** Sanitize capabilities. */ readonly sanicap: number;
  /** Smallest host memory buffer descriptor, 4 KiB units. */ readonly hmminds: number;
  /** Host memory buffer descriptors at most. */ readonly hmmaxd: number;
  /** Largest NVM Set identifier. */ readonly nsetidmax: number;
  /** Largest Endurance Group identifier. */ readonly endgidmax: number;
  /** ANA transition time, seconds. */ readonly anatt: number;
  /** ANA capabilities, ANACAP_*. */ readonly anacap: number;
  /** Largest ANA group identifier. */ readonly anagrpmax: number;
  /** Number of ANA groups. */ readonly nanagrpid: number;
  /** Persistent event log size, 64 KiB units. */ readonly pels: number;
  /** Domain identifier. */ readonly domainid: number;
  /** Key per I/O capabilities. */ readonly kpioc: number;
  /** Longest activation without reset, 100 ms units. */ readonly mptfawr: number;
  /** Largest Endurance Group capacity, bytes. */ readonly megcap: number | bigint;
  /** Temperature threshold hysteresis attributes. */ readonly tmpthha: number;
  /** Command quiesce time, ms. */ readonly cqt: number;
  /** SQ entry, 2^n bytes: 7:4 largest, 3:0 required. */ readonly sqes: number;
  /** CQ entry, 2^n bytes: 7:4 largest, 3:0 required. */ readonly cqes: number;
  /** Outstanding commands per queue, 0 not reported. */ readonly maxcmd: number;
  /** Largest NSID. */ readonly nn: number;
  /** Optional NVM commands, ONCS_*. */ readonly oncs: number;
  /** Fused operations supported. */ readonly fuses: number;
  /** Format NVM attributes. */ readonly fna: number;
  /** Volatile write cache, VWC_*. */ readonly vwc: number;
  /** Atomic write unit, blocks, 0's based. */ readonly awun: number;
  /** Atomic write unit at power fail, blocks, 0's based. */ readonly awupf: number;
  /** I/O vendor specific command configuration. */ readonly icsvscc: number;
  /** Namespace write protection capabilities. */ readonly nwpc: number;
  /** Atomic compare and write unit, blocks, 0's based. */ readonly acwu: number;
  /** Copy descriptor formats supported. */ readonly cdfs: number;
  /** SGL support. */ readonly sgls: number;
  /** Namespaces at most, 0 for NN. */ readonly mnan: number;
  /** Domain namespace attachments at most. */ readonly maxdna: number | bigint;
  /** I/O controller namespace attachments at most. */ readonly maxcna: number;
  /** Optimal aggregated queue depth, commands. */ readonly oaqd: number;
  /** Host-initiated refresh interval, days. */ readonly rhiri: number;
  /** Host-initiated refresh time, minutes. */ readonly hirt: number;
  /** Controller memory range tracking descriptors. */ readonly cmmrtd: number;
  /** NVM subsystem memory range tracking descriptors. */ readonly nmmrtd: number;
  /** Smallest memory range tracking granularity. */ readonly minmrtg: number;
  /** Largest memory range tracking granularity. */ readonly maxmrtg: number;
  /** Tracking attributes. */ readonly trattr: number;
  /** Controller user data migration queues. */ readonly mcudmq: number;
  /** NVM subsystem user data migration queues. */ readonly mnsudmq: number;
  /** Controller CDQ memory ranges. */ readonly mcmr: number;
  /** NVM subsystem CDQ memory ranges. */ readonly nmcmr: number;
  /** Controller data queue PRPs at most. */ readonly mcdqpc: number;
  /** NVM subsystem qualified name, NUL terminated. */ readonly subnqn: string;
  /** I/O command capsule, 16-byte units; fabrics. */ readonly ioccsz: number;
  /** I/O response capsule, 16-byte units; fabrics. */ readonly iorcsz: number;
  /** In-capsule data offset, 16-byte units; fabrics. */ readonly icdoff: number;
  /** Fabrics controller attributes. */ readonly fcatt: number;
  /** SGL data block descriptors at most; fabrics. */ readonly msdbd: number;
  /** Optional fabrics commands. */ readonly ofcs: number;
  /** Discovery controller type. */ readonly dctype: number;
  /** Power state descriptors 0..npss. */
  readonly psd: readonly PowerState[];
}

/** Decodes an Identify Controller data structure. @throws RangeError when `data` is shorter than 4096 bytes. */
export function decodeIdentifyController(data: Uint8Array): IdentifyController {
  if (data.length < IDCTRL_BYTES) throw new RangeError(`IDCTRL: ${IDCTRL_BYTES} bytes expected, got ${data.length}`);
  const powerStates = Math.min(data[IDCTRL_NPSS] + 1, IDCTRL_POWER_STATES);
  return {
    ...decodeCapabilities(data),
    ...decodeAdminAttributes(data),
    ...decodeNvmAttributes(data),
    ...decodeFabricsAttributes(data),
    psd: Array.from({ length: powerStates }, (_, i) => decodePowerState(data, IDCTRL_PSD + i * POWER_STATE_BYTES)),
  };
}

// The parts are those of the figure. Their types are inferred, so a field that is missing here does not compile above.

// Bytes 255:0, controller capabilities and features.
function decodeCapabilities(data: Uint8Array) {
  return {
    vid: readUint16(data, IDCTRL_VID),
    ssvid: readUint16(data, IDCTRL_SSVID),
    sn: readAscii(data, IDCTRL_SN, 20),
    mn: readAscii(data, IDCTRL_MN, 40),
    fr: readAscii(data, IDCTRL_FR, 8),
    rab: data[IDCTRL_RAB],
    ieee: readUnsigned(data, IDCTRL_IEEE, 3) as number,
    cmic: data[IDCTRL_CMIC],
    mdts: data[IDCTRL_MDTS],
    cntlid: readUint16(data, IDCTRL_CNTLID),
    ver: readUint32(data, IDCTRL_VER),
    rtd3r: readUint32(data, IDCTRL_RTD3R),
    rtd3e: readUint32(data, IDCTRL_RTD3E),
    oaes: readUint32(data, IDCTRL_OAES),
    ctratt: readUint32(data, IDCTRL_CTRATT),
    rrls: readUint16(data, IDCTRL_RRLS),
    bpcap: data[IDCTRL_BPCAP],
    nssl: readUint32(data, IDCTRL_NSSL),
    plsi: data[IDCTRL_PLSI],
    cntrltype: data[IDCTRL_CNTRLTYPE],
    fguid: toHex(data.subarray(IDCTRL_FGUID, IDCTRL_FGUID + 16)),
    crdt1: readUint16(data, IDCTRL_CRDT1),
    crdt2: readUint16(data, IDCTRL_CRDT2),
    crdt3: readUint16(data, IDCTRL_CRDT3),
    crcap: data[IDCTRL_CRCAP],
    nvmsr: data[IDCTRL_NVMSR],
    vwci: data[IDCTRL_VWCI],
    mec: data[IDCTRL_MEC],
  };
}

// Bytes 511:256, admin command set attributes.
function decodeAdminAttributes(data: Uint8Array) {
  return {
    oacs: readUint16(data, IDCTRL_OACS),
    acl: data[IDCTRL_ACL],
    aerl: data[IDCTRL_AERL],
    frmw: data[IDCTRL_FRMW],
    lpa: data[IDCTRL_LPA],
    elpe: data[IDCTRL_ELPE],
    npss: data[IDCTRL_NPSS],
    avscc: data[IDCTRL_AVSCC],
    apsta: data[IDCTRL_APSTA],
    wctemp: readUint16(data, IDCTRL_WCTEMP),
    cctemp: readUint16(data, IDCTRL_CCTEMP),
    mtfa: readUint16(data, IDCTRL_MTFA),
    hmpre: readUint32(data, IDCTRL_HMPRE),
    hmmin: readUint32(data, IDCTRL_HMMIN),
    tnvmcap: readUnsigned(data, IDCTRL_TNVMCAP, 16),
    unvmcap: readUnsigned(data, IDCTRL_UNVMCAP, 16),
    rpmbs: readUint32(data, IDCTRL_RPMBS),
    edstt: readUint16(data, IDCTRL_EDSTT),
    dsto: data[IDCTRL_DSTO],
    fwug: data[IDCTRL_FWUG],
    kas: readUint16(data, IDCTRL_KAS),
    hctma: readUint16(data, IDCTRL_HCTMA),
    mntmt: readUint16(data, IDCTRL_MNTMT),
    mxtmt: readUint16(data, IDCTRL_MXTMT),
    sanicap: readUint32(data, IDCTRL_SANICAP),
    hmminds: readUint32(data, IDCTRL_HMMINDS),
    hmmaxd: readUint16(data, IDCTRL_HMMAXD),
    nsetidmax: readUint16(data, IDCTRL_NSETIDMAX),
    endgidmax: readUint16(data, IDCTRL_ENDGIDMAX),
    anatt: data[IDCTRL_ANATT],
    anacap: data[IDCTRL_ANACAP],
    anagrpmax: readUint32(data, IDCTRL_ANAGRPMAX),
    nanagrpid: readUint32(data, IDCTRL_NANAGRPID),
    pels: readUint32(data, IDCTRL_PELS),
    domainid: readUint16(data, IDCTRL_DOMAINID),
    kpioc: data[IDCTRL_KPIOC],
    mptfawr: readUint16(data, IDCTRL_MPTFAWR),
    megcap: readUnsigned(data, IDCTRL_MEGCAP, 16),
    tmpthha: data[IDCTRL_TMPTHHA],
    cqt: readUint16(data, IDCTRL_CQT),
  };
}

// Bytes 1791:512, NVM command set attributes.
function decodeNvmAttributes(data: Uint8Array) {
  return {
    sqes: data[IDCTRL_SQES],
    cqes: data[IDCTRL_CQES],
    maxcmd: readUint16(data, IDCTRL_MAXCMD),
    nn: readUint32(data, IDCTRL_NN),
    oncs: readUint16(data, IDCTRL_ONCS),
    fuses: readUint16(data, IDCTRL_FUSES),
    fna: data[IDCTRL_FNA],
    vwc: data[IDCTRL_VWC],
    awun: readUint16(data, IDCTRL_AWUN),
    awupf: readUint16(data, IDCTRL_AWUPF),
    icsvscc: data[IDCTRL_ICSVSCC],
    nwpc: data[IDCTRL_NWPC],
    acwu: readUint16(data, IDCTRL_ACWU),
    cdfs: readUint16(data, IDCTRL_CDFS),
    sgls: readUint32(data, IDCTRL_SGLS),
    mnan: readUint32(data, IDCTRL_MNAN),
    maxdna: readUnsigned(data, IDCTRL_MAXDNA, 16),
    maxcna: readUint32(data, IDCTRL_MAXCNA),
    oaqd: readUint32(data, IDCTRL_OAQD),
    rhiri: data[IDCTRL_RHIRI],
    hirt: data[IDCTRL_HIRT],
    cmmrtd: readUint16(data, IDCTRL_CMMRTD),
    nmmrtd: readUint16(data, IDCTRL_NMMRTD),
    minmrtg: data[IDCTRL_MINMRTG],
    maxmrtg: data[IDCTRL_MAXMRTG],
    trattr: data[IDCTRL_TRATTR],
    mcudmq: readUint16(data, IDCTRL_MCUDMQ),
    mnsudmq: readUint16(data, IDCTRL_MNSUDMQ),
    mcmr: readUint16(data, IDCTRL_MCMR),
    nmcmr: readUint16(data, IDCTRL_NMCMR),
    mcdqpc: readUint16(data, IDCTRL_MCDQPC),
    subnqn: readAscii(data, IDCTRL_SUBNQN, 256),
  };
}

// Bytes 2047:1792, fabrics.
function decodeFabricsAttributes(data: Uint8Array) {
  return {
    ioccsz: readUint32(data, IDCTRL_IOCCSZ),
    iorcsz: readUint32(data, IDCTRL_IORCSZ),
    icdoff: readUint16(data, IDCTRL_ICDOFF),
    fcatt: data[IDCTRL_FCATT],
    msdbd: data[IDCTRL_MSDBD],
    ofcs: readUint16(data, IDCTRL_OFCS),
    dctype: data[IDCTRL_DCTYPE],
  };
}
