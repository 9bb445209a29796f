import { HOST_IDENTIFIER_BYTES, HOST_IDENTIFIER_EXTENDED_BYTES, toHex } from '@phasebit/nvme-spec';

/** Who a host is, by the Host Identifier feature. [Base] 5.1.25.1.28 */
export interface HostIdentity {
  /** 8 or 16 bytes */
  readonly bytes: Uint8Array;
  /** whether the identifier has 128 bits */
  readonly isExtended: boolean;
  /** tells hosts apart; empty for a host that has said nothing, or zero */
  readonly name: string;
}

/** A host that has not said who it is. */
export const NO_HOST: HostIdentity = {
  bytes: new Uint8Array(HOST_IDENTIFIER_EXTENDED_BYTES),
  isExtended: false,
  name: '',
};

/** The host of an identifier of 8 or 16 bytes; zero is nobody. */
export function hostOf(bytes: Uint8Array): HostIdentity {
  if (bytes.every((byte) => byte === 0)) return NO_HOST;
  return { bytes, isExtended: bytes.length !== HOST_IDENTIFIER_BYTES, name: toHex(bytes) };
}
