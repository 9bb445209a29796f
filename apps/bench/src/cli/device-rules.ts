import { type DeviceChoice, deviceTexts, isMadeForRun, isModelled, type OpenedDevice } from './device-choice.js';
import { fail, type OwnValues } from './own-values.js';

/** Options that make a modelled controller fail. */
const FAILURES = ['fault', 'faultSeed', 'failControllerAfter'];
const A_MODEL = 'a modelled device (--device=inline or thread)';

/** Options that say what a device is made of: of one that is found as it is, it says so itself. */
const OF_A_DEVICE_TO_BE_MADE: readonly (readonly [option: string, what: string])[] = [
  ['media', 'its media'],
  ['mediaSize', 'its size'],
  ['lbaBytes', 'its LBA format'],
  ['format', 'its LBA format'],
  ['piType', 'its LBA format'],
  ['piGuard', 'its LBA format'],
];

/**
 * Refuses options that mean nothing to the device that was chosen.
 *
 * @throws OwnOptionError saying why
 */
export function refuseForeignOptions(values: OwnValues, device: DeviceChoice): void {
  if (isModelled(device)) {
    if (values.allowWritesTo !== undefined) {
      fail('allowWritesTo', 'a device that somebody may have data on', deviceTexts(device).join());
    }
    return;
  }
  const name = deviceTexts(device).join();
  for (const option of FAILURES) {
    if (values[option] !== undefined) fail(option, `${A_MODEL}: nobody here can make another one fail`, name);
  }
  if (values.scatter !== undefined && device.kind !== 'vfio-user') {
    fail('scatter', `${A_MODEL} or vfio-user: the memory of this one is mapped in one run`, name);
  }
  if (!isMadeForRun(device)) refuseMaking(values, device);
}

function refuseMaking(values: OwnValues, device: OpenedDevice): void {
  const name = deviceTexts(device).join();
  for (const [option, what] of OF_A_DEVICE_TO_BE_MADE) {
    if (values[option] !== undefined)
      fail(option, `a device that is made for the run: this one says ${what} itself`, name);
  }
  if (values.controllers !== undefined)
    fail('controllers', 'as many --device as there are paths', String(values.controllers));
}
