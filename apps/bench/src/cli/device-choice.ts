import { failValue } from '../job/value-error.js';

/** Where the controller model of this package runs: on the thread of the driver, or on a worker. */
export type ModelledDevice = 'inline' | 'thread';

/**
 * Devices that this process does not model, a path each: PCI functions through VFIO, by their addresses; controllers that other processes
 * serve over vfio-user, by their sockets; QEMU's controller through its qtest socket.
 */
export type OpenedDevice =
  | { readonly kind: 'vfio'; readonly addresses: readonly string[] }
  | { readonly kind: 'vfio-user'; readonly paths: readonly string[] }
  /** `properties` go to QEMU's `-device nvme`, `mdts=5,max_ioqpairs=4`; empty for none */
  | { readonly kind: 'qtest'; readonly properties: string };

/** Where the controllers are. */
export type DeviceChoice = ModelledDevice | OpenedDevice;

const FORMS = 'inline, thread, vfio:BDF, vfio-user:PATH or qtest';
/** Domain, which may be left out, bus, device and function of a PCI address. */
const PCI_ADDRESS = /^(?:[\da-f]{4}:)?[\da-f]{2}:[01][\da-f]\.[0-7]$/i;
/** A comma ends a device only where another one follows: paths and properties may have commas. */
const BETWEEN_DEVICES = /,(?=(?:vfio|vfio-user|qtest):|(?:inline|thread|qtest)(?:,|$))/;
/** A property's name as QEMU has them, and a value without anything that could begin another option. */
const PROPERTY = /^[a-z][\w.-]*=[\w.-]+$/i;
/** Properties that are chosen by options of this program. */
const CHOSEN_PROPERTIES = ['drive', 'serial', 'id', 'subsys', 'addr', 'bus'];

/** Whether this process models the device. */
export function isModelled(device: DeviceChoice): device is ModelledDevice {
  return typeof device === 'string';
}

/** Whether the device is made for the run, of what the options say. Others are found as they are. */
export function isMadeForRun(device: DeviceChoice): boolean {
  return isModelled(device) || device.kind === 'qtest';
}

/**
 * Reads all that was given as `--device`: one modelled device, or one or more that are opened, all of one kind.
 *
 * @param texts - as typed, each one device or several with commas between
 * @throws ValueError
 */
export function parseDevices(texts: readonly string[]): DeviceChoice {
  const all = texts.flatMap((text) => text.split(BETWEEN_DEVICES));
  const [first = 'inline'] = all;
  const kind = kindOf(first);
  const stranger = all.find((text) => kindOf(text) !== kind);
  if (stranger !== undefined) failValue(`devices of one kind, ${kind} as the first`, stranger);
  const double = all.find((text, at) => all.indexOf(text) !== at);
  if (double !== undefined) failValue('each device once', double);
  const places = all.map((text) => text.slice(kind.length + 1));
  switch (kind) {
    case 'inline':
    case 'thread':
      return kind;
    case 'vfio':
      return { kind, addresses: places.map(checkAddress) };
    case 'vfio-user':
      return { kind, paths: places.map((path) => (path === '' ? failValue('vfio-user:PATH', first) : path)) };
    case 'qtest':
      if (all.length > 1) failValue('one QEMU: --controllers gives it more controllers', all.join(','));
      return { kind, properties: checkProperties(places[0]) };
  }
}

/** The devices by the names under which they are given, one for each path. */
export function deviceTexts(device: DeviceChoice): readonly string[] {
  if (isModelled(device)) return [device];
  switch (device.kind) {
    case 'vfio':
      return device.addresses.map((address) => `vfio:${address}`);
    case 'vfio-user':
      return device.paths.map((path) => `vfio-user:${path}`);
    case 'qtest':
      return [device.properties === '' ? 'qtest' : `qtest:${device.properties}`];
  }
}

type DeviceKind = ModelledDevice | OpenedDevice['kind'];

function kindOf(text: string): DeviceKind {
  const [word = ''] = text.split(':');
  if (text === 'inline' || text === 'thread' || word === 'qtest') return word as DeviceKind;
  return word === 'vfio' || word === 'vfio-user' ? word : failValue(FORMS, text);
}

function checkAddress(address: string): string {
  return PCI_ADDRESS.test(address) ? address : failValue('a PCI address such as 0000:01:00.0', address);
}

function checkProperties(properties: string): string {
  if (properties === '') return '';
  for (const each of properties.split(',')) {
    if (!PROPERTY.test(each)) failValue("properties of QEMU's nvme device, name=value,...", each);
    const [name = ''] = each.split('=');
    if (CHOSEN_PROPERTIES.includes(name)) failValue('a property that no option here decides', name);
  }
  return properties;
}
