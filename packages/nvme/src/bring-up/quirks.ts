import { type IdentifyController, OACS_SECURITY, ONCS_WRITE_ZEROES } from '@phasebit/nvme-spec';

/** What some controllers need beside the specification, or get wrong. */
export type Quirk =
  /** wants to be left alone for a while before anything is written to it */
  | 'DELAY_BEFORE_INIT'
  /** must not be asked for CSTS.RDY right after CC.EN was changed */
  | 'DELAY_BEFORE_READY_CHECK'
  /** is not at once ready for commands on a queue that it has just created */
  | 'DELAY_AFTER_QUEUE_CREATION'
  /** knows Identify CNS 00h and 01h only */
  | 'IDENTIFY_CNS_0_AND_1_ONLY'
  /** does not answer Identify CNS 03h, or not with descriptors */
  | 'NO_NAMESPACE_DESCRIPTORS'
  /** offers SGLs that do not work */
  | 'NO_SGL'
  /** does not count interleaved metadata when it applies MDTS, without saying so in CTRATT */
  | 'MDTS_EXCLUDES_METADATA'
  /** is slow with I/O queues of fewer than 1,024 entries */
  | 'LARGE_IO_QUEUES'
  /** wants an admin queue of 256 entries, which fill its pages */
  | 'LARGE_ADMIN_QUEUE'
  /** does not report a finished shutdown in CSTS.SHST, so waiting for it is in vain and its absence no error */
  | 'NO_SHUTDOWN_STATUS'
  /** sets the Security bit of OACS without having the commands */
  | 'NO_SECURITY'
  /** writes zeroes so slowly, or so wrongly, that plain writes are better */
  | 'NO_WRITE_ZEROES';

/** PCI identity of a function. */
export interface PciIdentity {
  /** PCI vendor identifier, 16 bits */
  readonly vendorId: number;
  /** PCI device identifier, 16 bits */
  readonly deviceId: number;
}

const NAMES: Readonly<Record<Quirk, true>> = {
  DELAY_BEFORE_INIT: true,
  DELAY_BEFORE_READY_CHECK: true,
  DELAY_AFTER_QUEUE_CREATION: true,
  IDENTIFY_CNS_0_AND_1_ONLY: true,
  NO_NAMESPACE_DESCRIPTORS: true,
  NO_SGL: true,
  MDTS_EXCLUDES_METADATA: true,
  LARGE_IO_QUEUES: true,
  LARGE_ADMIN_QUEUE: true,
  NO_SHUTDOWN_STATUS: true,
  NO_SECURITY: true,
  NO_WRITE_ZEROES: true,
};

/** Every quirk there is. */
export const QUIRK_NAMES: readonly Quirk[] = Object.keys(NAMES) as Quirk[];

/** Milliseconds of {@link Quirk} `DELAY_BEFORE_INIT`. */
export const DELAY_BEFORE_INIT_MS = 2000;
/** Milliseconds of {@link Quirk} `DELAY_BEFORE_READY_CHECK`. */
export const DELAY_BEFORE_READY_CHECK_MS = 2500;
/** Milliseconds of {@link Quirk} `DELAY_AFTER_QUEUE_CREATION`. */
export const DELAY_AFTER_QUEUE_CREATION_MS = 0.1;
/** Entries of {@link Quirk} `LARGE_IO_QUEUES`. */
export const LARGE_IO_QUEUE_ENTRIES = 1024;
/** Entries of {@link Quirk} `LARGE_ADMIN_QUEUE`. */
export const LARGE_ADMIN_QUEUE_ENTRIES = 256;

const ANY_DEVICE = -1;

interface QuirkRow {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly quirks: readonly Quirk[];
}

/** Rows by PCI identity, as the tables of the Linux and SPDK drivers agree on them. All rows that match count. */
const QUIRKS: readonly QuirkRow[] = [
  // QEMU under its first identity: Identify was rudimentary, and Write Zeroes went block by block.
  { vendorId: 0x8086, deviceId: 0x5845, quirks: ['IDENTIFY_CNS_0_AND_1_ONLY', 'NO_WRITE_ZEROES'] },
  // Intel P3500 to P4600.
  { vendorId: 0x8086, deviceId: 0x0953, quirks: ['DELAY_BEFORE_INIT', 'LARGE_IO_QUEUES'] },
  { vendorId: 0x8086, deviceId: 0x0a53, quirks: ['DELAY_BEFORE_INIT', 'LARGE_IO_QUEUES'] },
  { vendorId: 0x8086, deviceId: 0x0a54, quirks: ['DELAY_BEFORE_INIT', 'LARGE_IO_QUEUES'] },
  { vendorId: 0x8086, deviceId: 0x0a55, quirks: ['LARGE_IO_QUEUES'] },
  // Intel P5500. It does not understand an SGL in Dataset Management either, where this driver has none.
  { vendorId: 0x8086, deviceId: 0x0b60, quirks: ['LARGE_IO_QUEUES'] },
  // Intel Optane 900P.
  { vendorId: 0x8086, deviceId: 0x2700, quirks: ['NO_SECURITY'] },
  { vendorId: 0x8086, deviceId: 0x4140, quirks: ['MDTS_EXCLUDES_METADATA'] },
  { vendorId: 0x8086, deviceId: 0xf1a5, quirks: ['NO_WRITE_ZEROES'] },
  // Silicon Motion, Lexar and Seagate controllers without descriptors.
  { vendorId: 0x126f, deviceId: 0x2263, quirks: ['NO_NAMESPACE_DESCRIPTORS'] },
  { vendorId: 0x1b4b, deviceId: 0x1092, quirks: ['NO_NAMESPACE_DESCRIPTORS'] },
  { vendorId: 0x1bb1, deviceId: 0x0100, quirks: ['DELAY_BEFORE_READY_CHECK', 'NO_NAMESPACE_DESCRIPTORS'] },
  // HGST and WDC SN200, Memblaze PBlaze4, Samsung PM1725 and its successors.
  { vendorId: 0x1c58, deviceId: 0x0003, quirks: ['DELAY_BEFORE_READY_CHECK'] },
  { vendorId: 0x1c58, deviceId: 0x0023, quirks: ['DELAY_BEFORE_READY_CHECK'] },
  { vendorId: 0x1c5f, deviceId: 0x0540, quirks: ['DELAY_BEFORE_READY_CHECK'] },
  { vendorId: 0x144d, deviceId: 0xa821, quirks: ['DELAY_BEFORE_READY_CHECK'] },
  { vendorId: 0x144d, deviceId: 0xa822, quirks: ['DELAY_BEFORE_READY_CHECK', 'NO_WRITE_ZEROES'] },
  { vendorId: 0x144d, deviceId: 0xa826, quirks: ['DELAY_BEFORE_READY_CHECK'] },
  // VirtualBox.
  { vendorId: 0x80ee, deviceId: 0x4e56, quirks: ['DELAY_AFTER_QUEUE_CREATION'] },
  // VMware.
  { vendorId: 0x15ad, deviceId: 0x07f0, quirks: ['NO_SHUTDOWN_STATUS'] },
  // Huawei.
  { vendorId: 0x19e5, deviceId: ANY_DEVICE, quirks: ['NO_SGL'] },
  // Microsoft.
  { vendorId: 0x1414, deviceId: 0xb111, quirks: ['LARGE_ADMIN_QUEUE'] },
];

interface ModelRow {
  /** PCI vendor identifier as Identify Controller has it */
  readonly vid: number;
  /** what the model number begins with */
  readonly model: string;
  /** what the firmware revision begins with; empty for any */
  readonly firmware: string;
  readonly quirks: readonly Quirk[];
}

/** Rows by what Identify Controller says, for functions whose PCI identity nobody has told. */
const MODEL_QUIRKS: readonly ModelRow[] = [
  // QEMU before 5.1 said this of itself under Intel's vendor identifier.
  { vid: 0x8086, model: 'QEMU NVMe Ctrl', firmware: '1.0', quirks: ['IDENTIFY_CNS_0_AND_1_ONLY', 'NO_WRITE_ZEROES'] },
  { vid: 0x15ad, model: 'VMware Virtual NVMe Disk', firmware: '', quirks: ['NO_SHUTDOWN_STATUS'] },
];

/** The quirks of a function by its PCI identity; none when that is not known. */
export function quirksOfFunction(pci: PciIdentity | undefined): Set<Quirk> {
  const found = new Set<Quirk>();
  if (pci === undefined) return found;
  for (const { vendorId, deviceId, quirks } of QUIRKS) {
    if (vendorId !== pci.vendorId || (deviceId !== pci.deviceId && deviceId !== ANY_DEVICE)) continue;
    for (const quirk of quirks) found.add(quirk);
  }
  return found;
}

/** What Identify Controller said, without what is known not to work. */
export function withoutBroken(identity: IdentifyController, quirks: ReadonlySet<Quirk>): IdentifyController {
  return {
    ...identity,
    oacs: quirks.has('NO_SECURITY') ? identity.oacs & ~OACS_SECURITY : identity.oacs,
    oncs: quirks.has('NO_WRITE_ZEROES') ? identity.oncs & ~ONCS_WRITE_ZEROES : identity.oncs,
    sgls: quirks.has('NO_SGL') ? 0 : identity.sgls,
  };
}

/** The quirks of a controller by what Identify Controller says of it. */
export function quirksOfModel(identity: { vid: number; mn: string; fr: string }): Set<Quirk> {
  const found = new Set<Quirk>();
  for (const { vid, model, firmware, quirks } of MODEL_QUIRKS) {
    if (vid !== identity.vid || !identity.mn.startsWith(model) || !identity.fr.startsWith(firmware)) continue;
    for (const quirk of quirks) found.add(quirk);
  }
  return found;
}
