/** How a PCI function introduces itself. 16-bit numbers, but for the revision. */
export interface PciIdentity {
  /** who made the device: assigned by PCI-SIG. FFFFh is nobody */
  readonly vendorId: number;
  /** which of the vendor's devices */
  readonly deviceId: number;
  /** who made the board */
  readonly subsystemVendorId: number;
  /** which of its boards */
  readonly subsystemId: number;
  /** revision, 8 bits */
  readonly revisionId: number;
}

/** Numbers that PCI-SIG has assigned to nobody so far: for a device that is nobody's product. */
export const PCI_IDENTITY_DEFAULT: PciIdentity = {
  vendorId: 0x5042,
  deviceId: 0x0001,
  subsystemVendorId: 0x5042,
  subsystemId: 0x0001,
  revisionId: 1,
};

/** Class code of an NVM Express I/O controller: mass storage, non-volatile memory, programming interface 2. [PCIe transport] */
export const CLASS_NVME = 0x01_08_02;

/** Fills in what is missing. @throws RangeError naming the number that is out of range */
export function settleIdentity(identity: Partial<PciIdentity>): PciIdentity {
  const settled = { ...PCI_IDENTITY_DEFAULT, ...identity };
  for (const [name, value] of Object.entries(settled)) {
    const max = name === 'revisionId' ? 0xff : name === 'vendorId' ? 0xfffe : 0xffff;
    if (!(Number.isInteger(value) && value >= 0 && value <= max)) {
      throw new RangeError(`identity.${name}: expected 0 to ${max}, got ${value}`);
    }
  }
  return settled;
}
