import type { StackOptions } from '../cli/bench-options.js';
import { isModelled } from '../cli/device-choice.js';
import type { DevicePlace, PlaceDemand } from './device-place.js';
import { openModelledPlace } from './modelled-place.js';
import { openQtestPlace } from './qtest-place.js';
import { openVfioPlace } from './vfio-place.js';
import { openVfioUserPlace } from './vfio-user-place.js';

/** Opens or makes the devices that were chosen. @throws Error saying what cannot be had */
export function openPlace(options: StackOptions, demand: PlaceDemand): Promise<DevicePlace> {
  const { device } = options;
  if (isModelled(device)) return openModelledPlace(options, device, demand);
  switch (device.kind) {
    case 'vfio':
      return openVfioPlace(device.addresses, demand);
    case 'vfio-user':
      return openVfioUserPlace(device.paths, options, demand);
    case 'qtest':
      return openQtestPlace(device.properties, options, demand);
  }
}
