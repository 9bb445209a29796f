/**
 * Feature Identifiers Supported and Effects log (12h), 1024 bytes: a dword per feature identifier.
 * [Base] 5.1.12.1.18
 */
import { bits } from './bits.js';
import { readUint32 } from './bytes.js';
import { dword, type Dword } from './register.js';

/** Bytes of the Feature Identifiers Supported and Effects log; feature n is at `4 * n`. */
export const FEATURE_EFFECTS_BYTES = 1024;

/** The dword of one feature identifier. */
export const FEATURE_EFFECTS: Dword<'FSUPP' | 'UDCC' | 'NCC' | 'NIC' | 'CCC' | 'USS' | 'FSP'> = dword(
  'FEATURE_EFFECTS',
  0,
  {
    FSP: bits(31, 20), // scope, FEATURE_SCOPE_*
    USS: bits(19, 19), // UUID selection supported
    CCC: bits(4, 4), // may change controller capabilities
    NIC: bits(3, 3), // may change the number of namespaces
    NCC: bits(2, 2), // may change namespace capabilities
    UDCC: bits(1, 1), // may change user data
    FSUPP: bits(0, 0), // supported
  },
  [bits(18, 5)],
);

/** FSP bit 0: a namespace. */
export const FEATURE_SCOPE_NAMESPACE = 0x001;
/** FSP bit 1: the controller. */
export const FEATURE_SCOPE_CONTROLLER = 0x002;
/** FSP bit 2: an NVM Set. */
export const FEATURE_SCOPE_NVM_SET = 0x004;
/** FSP bit 3: an Endurance Group. */
export const FEATURE_SCOPE_ENDURANCE_GROUP = 0x008;
/** FSP bit 4: a domain. */
export const FEATURE_SCOPE_DOMAIN = 0x010;
/** FSP bit 5: the NVM subsystem. */
export const FEATURE_SCOPE_SUBSYSTEM = 0x020;
/** FSP bit 6: a controller data queue. */
export const FEATURE_SCOPE_CONTROLLER_DATA_QUEUE = 0x040;

/** Identifiers of the supported features, ascending. @throws RangeError when `data` is shorter than 1024 bytes. */
export function decodeSupportedFeatures(data: Uint8Array): number[] {
  if (data.length < FEATURE_EFFECTS_BYTES) {
    throw new RangeError(`FEATURE_EFFECTS: ${FEATURE_EFFECTS_BYTES} bytes expected, got ${data.length}`);
  }
  const supported: number[] = [];
  for (let feature = 0; feature < 256; feature++) {
    if (FEATURE_EFFECTS.FSUPP.get(readUint32(data, 4 * feature)) === 1) supported.push(feature);
  }
  return supported;
}
