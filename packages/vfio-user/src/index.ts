/**
 * The vfio-user protocol, both halves: a modelled NVMe controller served over a UNIX socket, and a PCIe function on such a server.
 * Start with {@link VfioUserServer} to serve one, with {@link openVfioUser} to use one.
 *
 * @packageDocumentation
 */

// 1. A controller for others: start here to show one to a virtual machine
export { VfioUserServer } from './server/vfio-user-server.js';
export { type VfioUserDevice, type VfioUserServerOptions } from './server/server-options.js';
export { PCI_IDENTITY_DEFAULT, type PciIdentity } from './server/pci-identity.js';

// 2. A function for a driver: start here to use a controller that somebody serves
export { openVfioUser } from './client/open-vfio-user.js';
export { type VfioUserFunction, type VfioUserOptions } from './client/vfio-user-function.js';
export { type VfioUserArena } from './client/client-arenas.js';
export { VfioUserMemory } from './client/vfio-user-memory.js';
export { type RemoteIdentity } from './client/remote-device.js';
export { LostServerError, RefusedError } from './client/server-link.js';
