/**
 * Identify Controller data structure (CNS 01h), 4096 bytes. [Base] 5.1.13.2.1
 *
 * Offsets are decimal and ranges read `last:first`, as in the figure. The decoder is in identify-controller.decode.ts.
 */
import { layout, type Layout } from './layout.js';

/** Bytes of the Identify Controller data structure. */
export const IDCTRL_BYTES = 4096;
/** Power state descriptors in it, of POWER_STATE_BYTES each. */
export const IDCTRL_POWER_STATES = 32;

/** 1:0        PCI vendor identifier.                                 */ export const IDCTRL_VID = 0;
/** 3:2        PCI subsystem vendor identifier.                       */ export const IDCTRL_SSVID = 2;
/** 23:4       Serial number.                                         */ export const IDCTRL_SN = 4;
/** 63:24      Model number.                                          */ export const IDCTRL_MN = 24;
/** 71:64      Firmware revision.                                     */ export const IDCTRL_FR = 64;
/** 72         Recommended arbitration burst, 2^n commands.           */ export const IDCTRL_RAB = 72;
/** 75:73      IEEE OUI identifier.                                   */ export const IDCTRL_IEEE = 73;
/** 76         Multi-path I/O and namespace sharing, CMIC_*.          */ export const IDCTRL_CMIC = 76;
/** 77         Largest transfer, 2^n pages of CAP.MPSMIN; 0 no limit. */ export const IDCTRL_MDTS = 77;
/** 79:78      Controller identifier.                                 */ export const IDCTRL_CNTLID = 78;
/** 83:80      Version, the fields of register VS.                    */ export const IDCTRL_VER = 80;
/** 87:84      Runtime D3 resume latency, us.                         */ export const IDCTRL_RTD3R = 84;
/** 91:88      Runtime D3 entry latency, us.                          */ export const IDCTRL_RTD3E = 88;
/** 95:92      Optional asynchronous events supported.                */ export const IDCTRL_OAES = 92;
/** 99:96      Controller attributes.                                 */ export const IDCTRL_CTRATT = 96;
/** 101:100    Read recovery levels supported.                        */ export const IDCTRL_RRLS = 100;
/** 102        Boot partition capabilities.                           */ export const IDCTRL_BPCAP = 102;
/** 107:104    NVM subsystem shutdown latency, us.                    */ export const IDCTRL_NSSL = 104;
/** 110        Power loss signaling information.                      */ export const IDCTRL_PLSI = 110;
/** 111        Controller type, CNTRLTYPE_*.                          */ export const IDCTRL_CNTRLTYPE = 111;
/** 127:112    FRU globally unique identifier.                        */ export const IDCTRL_FGUID = 112;
/** 129:128    Command retry delay 1, 100 ms units.                   */ export const IDCTRL_CRDT1 = 128;
/** 131:130    Command retry delay 2, 100 ms units.                   */ export const IDCTRL_CRDT2 = 130;
/** 133:132    Command retry delay 3, 100 ms units.                   */ export const IDCTRL_CRDT3 = 132;
/** 134        Controller reachability capabilities.                  */ export const IDCTRL_CRCAP = 134;
/** 253        NVM subsystem report.                                  */ export const IDCTRL_NVMSR = 253;
/** 254        VPD write cycle information.                           */ export const IDCTRL_VWCI = 254;
/** 255        Management endpoint capabilities.                      */ export const IDCTRL_MEC = 255;
/** 257:256    Optional admin commands, OACS_*.                       */ export const IDCTRL_OACS = 256;
/** 258        Abort commands at a time, 0's based.                   */ export const IDCTRL_ACL = 258;
/** 259        Asynchronous Event Requests at a time, 0's based.      */ export const IDCTRL_AERL = 259;
/** 260        Firmware updates.                                      */ export const IDCTRL_FRMW = 260;
/** 261        Log page attributes, LPA_*.                            */ export const IDCTRL_LPA = 261;
/** 262        Error log entries, 0's based.                          */ export const IDCTRL_ELPE = 262;
/** 263        Power states, 0's based.                               */ export const IDCTRL_NPSS = 263;
/** 264        Admin vendor specific command configuration.           */ export const IDCTRL_AVSCC = 264;
/** 265        Autonomous power state transition attributes.          */ export const IDCTRL_APSTA = 265;
/** 267:266    Warning composite temperature, kelvins.                */ export const IDCTRL_WCTEMP = 266;
/** 269:268    Critical composite temperature, kelvins.               */ export const IDCTRL_CCTEMP = 268;
/** 271:270    Longest firmware activation, 100 ms units.             */ export const IDCTRL_MTFA = 270;
/** 275:272    Host memory buffer preferred, 4 KiB units.             */ export const IDCTRL_HMPRE = 272;
/** 279:276    Host memory buffer minimum, 4 KiB units.               */ export const IDCTRL_HMMIN = 276;
/** 295:280    Total NVM capacity, bytes.                             */ export const IDCTRL_TNVMCAP = 280;
/** 311:296    Unallocated NVM capacity, bytes.                       */ export const IDCTRL_UNVMCAP = 296;
/** 315:312    Replay protected memory block support.                 */ export const IDCTRL_RPMBS = 312;
/** 317:316    Extended self-test time, minutes.                      */ export const IDCTRL_EDSTT = 316;
/** 318        Device self-test options.                              */ export const IDCTRL_DSTO = 318;
/** 319        Firmware update granularity, 4 KiB units.              */ export const IDCTRL_FWUG = 319;
/** 321:320    Keep alive granularity, 100 ms units; 0 unsupported.   */ export const IDCTRL_KAS = 320;
/** 323:322    Host controlled thermal management attributes.         */ export const IDCTRL_HCTMA = 322;
/** 325:324    Minimum thermal management temperature, kelvins.       */ export const IDCTRL_MNTMT = 324;
/** 327:326    Maximum thermal management temperature, kelvins.       */ export const IDCTRL_MXTMT = 326;
/** 331:328    Sanitize capabilities.                                 */ export const IDCTRL_SANICAP = 328;
/** 335:332    Smallest host memory buffer descriptor, 4 KiB units.   */ export const IDCTRL_HMMINDS = 332;
/** 337:336    Host memory buffer descriptors at most.                */ export const IDCTRL_HMMAXD = 336;
/** 339:338    Largest NVM Set identifier.                            */ export const IDCTRL_NSETIDMAX = 338;
/** 341:340    Largest Endurance Group identifier.                    */ export const IDCTRL_ENDGIDMAX = 340;
/** 342        ANA transition time, seconds.                          */ export const IDCTRL_ANATT = 342;
/** 343        ANA capabilities, ANACAP_*.                            */ export const IDCTRL_ANACAP = 343;
/** 347:344    Largest ANA group identifier.                          */ export const IDCTRL_ANAGRPMAX = 344;
/** 351:348    Number of ANA groups.                                  */ export const IDCTRL_NANAGRPID = 348;
/** 355:352    Persistent event log size, 64 KiB units.               */ export const IDCTRL_PELS = 352;
/** 357:356    Domain identifier.                                     */ export const IDCTRL_DOMAINID = 356;
/** 358        Key per I/O capabilities.                              */ export const IDCTRL_KPIOC = 358;
/** 361:360    Longest activation without reset, 100 ms units.        */ export const IDCTRL_MPTFAWR = 360;
/** 383:368    Largest Endurance Group capacity, bytes.               */ export const IDCTRL_MEGCAP = 368;
/** 384        Temperature threshold hysteresis attributes.           */ export const IDCTRL_TMPTHHA = 384;
/** 387:386    Command quiesce time, ms.                              */ export const IDCTRL_CQT = 386;
/** 512        SQ entry, 2^n bytes: 7:4 largest, 3:0 required.        */ export const IDCTRL_SQES = 512;
/** 513        CQ entry, 2^n bytes: 7:4 largest, 3:0 required.        */ export const IDCTRL_CQES = 513;
/** 515:514    Outstanding commands per queue, 0 not reported.        */ export const IDCTRL_MAXCMD = 514;
/** 519:516    Largest NSID.                                          */ export const IDCTRL_NN = 516;
/** 521:520    Optional NVM commands, ONCS_*.                         */ export const IDCTRL_ONCS = 520;
/** 523:522    Fused operations supported.                            */ export const IDCTRL_FUSES = 522;
/** 524        Format NVM attributes.                                 */ export const IDCTRL_FNA = 524;
/** 525        Volatile write cache, VWC_*.                           */ export const IDCTRL_VWC = 525;
/** 527:526    Atomic write unit, blocks, 0's based.                  */ export const IDCTRL_AWUN = 526;
/** 529:528    Atomic write unit at power fail, blocks, 0's based.    */ export const IDCTRL_AWUPF = 528;
/** 530        I/O vendor specific command configuration.             */ export const IDCTRL_ICSVSCC = 530;
/** 531        Namespace write protection capabilities.               */ export const IDCTRL_NWPC = 531;
/** 533:532    Atomic compare and write unit, blocks, 0's based.      */ export const IDCTRL_ACWU = 532;
/** 535:534    Copy descriptor formats supported.                     */ export const IDCTRL_CDFS = 534;
/** 539:536    SGL support.                                           */ export const IDCTRL_SGLS = 536;
/** 543:540    Namespaces at most, 0 for NN.                          */ export const IDCTRL_MNAN = 540;
/** 559:544    Domain namespace attachments at most.                  */ export const IDCTRL_MAXDNA = 544;
/** 563:560    I/O controller namespace attachments at most.          */ export const IDCTRL_MAXCNA = 560;
/** 567:564    Optimal aggregated queue depth, commands.              */ export const IDCTRL_OAQD = 564;
/** 568        Host-initiated refresh interval, days.                 */ export const IDCTRL_RHIRI = 568;
/** 569        Host-initiated refresh time, minutes.                  */ export const IDCTRL_HIRT = 569;
/** 571:570    Controller memory range tracking descriptors.          */ export const IDCTRL_CMMRTD = 570;
/** 573:572    NVM subsystem memory range tracking descriptors.       */ export const IDCTRL_NMMRTD = 572;
/** 574        Smallest memory range tracking granularity.            */ export const IDCTRL_MINMRTG = 574;
/** 575        Largest memory range tracking granularity.             */ export const IDCTRL_MAXMRTG = 575;
/** 576        Tracking attributes.                                   */ export const IDCTRL_TRATTR = 576;
/** 579:578    Controller user data migration queues.                 */ export const IDCTRL_MCUDMQ = 578;
/** 581:580    NVM subsystem user data migration queues.              */ export const IDCTRL_MNSUDMQ = 580;
/** 583:582    Controller CDQ memory ranges.                          */ export const IDCTRL_MCMR = 582;
/** 585:584    NVM subsystem CDQ memory ranges.                       */ export const IDCTRL_NMCMR = 584;
/** 587:586    Controller data queue PRPs at most.                    */ export const IDCTRL_MCDQPC = 586;
/** 1023:768   NVM subsystem qualified name, NUL terminated.          */ export const IDCTRL_SUBNQN = 768;
/** 1795:1792  I/O command capsule, 16-byte units; fabrics.           */ export const IDCTRL_IOCCSZ = 1792;
/** 1799:1796  I/O response capsule, 16-byte units; fabrics.          */ export const IDCTRL_IORCSZ = 1796;
/** 1801:1800  In-capsule data offset, 16-byte units; fabrics.        */ export const IDCTRL_ICDOFF = 1800;
/** 1802       Fabrics controller attributes.                         */ export const IDCTRL_FCATT = 1802;
/** 1803       SGL data block descriptors at most; fabrics.           */ export const IDCTRL_MSDBD = 1803;
/** 1805:1804  Optional fabrics commands.                             */ export const IDCTRL_OFCS = 1804;
/** 1806       Discovery controller type.                             */ export const IDCTRL_DCTYPE = 1806;
/** 3071:2048  32 power state descriptors.                            */ export const IDCTRL_PSD = 2048;
/** 4095:3072  Vendor specific.                                       */ export const IDCTRL_VS = 3072;

/** Layout of the Identify Controller data structure. */
export const IdentifyControllerLayout: Layout = layout('IDCTRL', IDCTRL_BYTES, [
  [IDCTRL_VID, 2, 'vid'],
  [IDCTRL_SSVID, 2, 'ssvid'],
  [IDCTRL_SN, 20, 'sn', 'ascii'],
  [IDCTRL_MN, 40, 'mn', 'ascii'],
  [IDCTRL_FR, 8, 'fr', 'ascii'],
  [IDCTRL_RAB, 1, 'rab'],
  [IDCTRL_IEEE, 3, 'ieee', 'packed'],
  [IDCTRL_CMIC, 1, 'cmic'],
  [IDCTRL_MDTS, 1, 'mdts'],
  [IDCTRL_CNTLID, 2, 'cntlid'],
  [IDCTRL_VER, 4, 'ver'],
  [IDCTRL_RTD3R, 4, 'rtd3r'],
  [IDCTRL_RTD3E, 4, 'rtd3e'],
  [IDCTRL_OAES, 4, 'oaes'],
  [IDCTRL_CTRATT, 4, 'ctratt'],
  [IDCTRL_RRLS, 2, 'rrls'],
  [IDCTRL_BPCAP, 1, 'bpcap'],
  [103, 1, 'reserved103', 'reserved'],
  [IDCTRL_NSSL, 4, 'nssl'],
  [108, 2, 'reserved108', 'reserved'],
  [IDCTRL_PLSI, 1, 'plsi'],
  [IDCTRL_CNTRLTYPE, 1, 'cntrltype'],
  [IDCTRL_FGUID, 16, 'fguid'],
  [IDCTRL_CRDT1, 2, 'crdt1'],
  [IDCTRL_CRDT2, 2, 'crdt2'],
  [IDCTRL_CRDT3, 2, 'crdt3'],
  [IDCTRL_CRCAP, 1, 'crcap'],
  [135, 118, 'reserved135', 'reserved'],
  [IDCTRL_NVMSR, 1, 'nvmsr'],
  [IDCTRL_VWCI, 1, 'vwci'],
  [IDCTRL_MEC, 1, 'mec'],
  [IDCTRL_OACS, 2, 'oacs'],
  [IDCTRL_ACL, 1, 'acl'],
  [IDCTRL_AERL, 1, 'aerl'],
  [IDCTRL_FRMW, 1, 'frmw'],
  [IDCTRL_LPA, 1, 'lpa'],
  [IDCTRL_ELPE, 1, 'elpe'],
  [IDCTRL_NPSS, 1, 'npss'],
  [IDCTRL_AVSCC, 1, 'avscc'],
  [IDCTRL_APSTA, 1, 'apsta'],
  [IDCTRL_WCTEMP, 2, 'wctemp'],
  [IDCTRL_CCTEMP, 2, 'cctemp'],
  [IDCTRL_MTFA, 2, 'mtfa'],
  [IDCTRL_HMPRE, 4, 'hmpre'],
  [IDCTRL_HMMIN, 4, 'hmmin'],
  [IDCTRL_TNVMCAP, 16, 'tnvmcap', 'uint'],
  [IDCTRL_UNVMCAP, 16, 'unvmcap', 'uint'],
  [IDCTRL_RPMBS, 4, 'rpmbs'],
  [IDCTRL_EDSTT, 2, 'edstt'],
  [IDCTRL_DSTO, 1, 'dsto'],
  [IDCTRL_FWUG, 1, 'fwug'],
  [IDCTRL_KAS, 2, 'kas'],
  [IDCTRL_HCTMA, 2, 'hctma'],
  [IDCTRL_MNTMT, 2, 'mntmt'],
  [IDCTRL_MXTMT, 2, 'mxtmt'],
  [IDCTRL_SANICAP, 4, 'sanicap'],
  [IDCTRL_HMMINDS, 4, 'hmminds'],
  [IDCTRL_HMMAXD, 2, 'hmmaxd'],
  [IDCTRL_NSETIDMAX, 2, 'nsetidmax'],
  [IDCTRL_ENDGIDMAX, 2, 'endgidmax'],
  [IDCTRL_ANATT, 1, 'anatt'],
  [IDCTRL_ANACAP, 1, 'anacap'],
  [IDCTRL_ANAGRPMAX, 4, 'anagrpmax'],
  [IDCTRL_NANAGRPID, 4, 'nanagrpid'],
  [IDCTRL_PELS, 4, 'pels'],
  [IDCTRL_DOMAINID, 2, 'domainid'],
  [IDCTRL_KPIOC, 1, 'kpioc'],
  [359, 1, 'reserved359', 'reserved'],
  [IDCTRL_MPTFAWR, 2, 'mptfawr'],
  [362, 6, 'reserved362', 'reserved'],
  [IDCTRL_MEGCAP, 16, 'megcap', 'uint'],
  [IDCTRL_TMPTHHA, 1, 'tmpthha'],
  [385, 1, 'reserved385', 'reserved'],
  [IDCTRL_CQT, 2, 'cqt'],
  [388, 124, 'reserved388', 'reserved'],
  [IDCTRL_SQES, 1, 'sqes'],
  [IDCTRL_CQES, 1, 'cqes'],
  [IDCTRL_MAXCMD, 2, 'maxcmd'],
  [IDCTRL_NN, 4, 'nn'],
  [IDCTRL_ONCS, 2, 'oncs'],
  [IDCTRL_FUSES, 2, 'fuses'],
  [IDCTRL_FNA, 1, 'fna'],
  [IDCTRL_VWC, 1, 'vwc'],
  [IDCTRL_AWUN, 2, 'awun'],
  [IDCTRL_AWUPF, 2, 'awupf'],
  [IDCTRL_ICSVSCC, 1, 'icsvscc'],
  [IDCTRL_NWPC, 1, 'nwpc'],
  [IDCTRL_ACWU, 2, 'acwu'],
  [IDCTRL_CDFS, 2, 'cdfs'],
  [IDCTRL_SGLS, 4, 'sgls'],
  [IDCTRL_MNAN, 4, 'mnan'],
  [IDCTRL_MAXDNA, 16, 'maxdna', 'uint'],
  [IDCTRL_MAXCNA, 4, 'maxcna'],
  [IDCTRL_OAQD, 4, 'oaqd'],
  [IDCTRL_RHIRI, 1, 'rhiri'],
  [IDCTRL_HIRT, 1, 'hirt'],
  [IDCTRL_CMMRTD, 2, 'cmmrtd'],
  [IDCTRL_NMMRTD, 2, 'nmmrtd'],
  [IDCTRL_MINMRTG, 1, 'minmrtg'],
  [IDCTRL_MAXMRTG, 1, 'maxmrtg'],
  [IDCTRL_TRATTR, 1, 'trattr'],
  [577, 1, 'reserved577', 'reserved'],
  [IDCTRL_MCUDMQ, 2, 'mcudmq'],
  [IDCTRL_MNSUDMQ, 2, 'mnsudmq'],
  [IDCTRL_MCMR, 2, 'mcmr'],
  [IDCTRL_NMCMR, 2, 'nmcmr'],
  [IDCTRL_MCDQPC, 2, 'mcdqpc'],
  [588, 180, 'reserved588', 'reserved'],
  [IDCTRL_SUBNQN, 256, 'subnqn', 'ascii'],
  [1024, 768, 'reserved1024', 'reserved'],
  [IDCTRL_IOCCSZ, 4, 'ioccsz'],
  [IDCTRL_IORCSZ, 4, 'iorcsz'],
  [IDCTRL_ICDOFF, 2, 'icdoff'],
  [IDCTRL_FCATT, 1, 'fcatt'],
  [IDCTRL_MSDBD, 1, 'msdbd'],
  [IDCTRL_OFCS, 2, 'ofcs'],
  [IDCTRL_DCTYPE, 1, 'dctype'],
  [1807, 241, 'reserved1807', 'reserved'],
  [IDCTRL_PSD, 1024, 'psd'],
  [IDCTRL_VS, 1024, 'vs'],
]);
