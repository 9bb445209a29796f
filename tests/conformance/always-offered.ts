/**
 * Cases about controllers that do not offer something which ours offers whatever its options are, as `area: name`. No target tries them;
 * `canary.test.ts` shows that they fail on a controller that offers it nevertheless.
 */
export const ALWAYS_OFFERED: readonly string[] = [
  'features: a feature that its capabilities call fixed is not changed',
  'sgl: an SGL where SGLS offers none is an invalid field',
  'fused: fused commands where FUSES offers none are refused',
  'format: a format of all namespaces, where FNA offers none, is refused, and the data stays',
  'format: a format with a cryptographic erase that FNA does not offer is refused, and the data stays',
  ...['block erase', 'overwrite', 'crypto erase'].map(
    (name) => `sanitize: ${name}, where SANICAP does not offer it, is an invalid field`,
  ),
  'host-identifier: an identifier of 128 bits, where CTRATT does not offer them, is an invalid field',
  ...['security', 'Format NVM', 'firmware', 'namespace management', 'self-test', 'directives'].map(
    (name) => `consistency: the commands of ${name} are invalid opcodes where OACS does not offer them`,
  ),
  'subsystem-registers: the reset value in NSSR does nothing where CAP.NSSRS is clear',
];
