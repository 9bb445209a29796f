/**
 * An NVMe controller model: registers, queues, admin and I/O commands, namespaces and their media, driven by any NVMe host over a link
 * of `@phasebit/pcie`. Start with {@link Controller}: whoever owns the loop calls its `step`.
 *
 * @packageDocumentation
 */

// 1. Make a controller and give it turns
export { Controller, type DoorbellFaultCounts } from './controller.js';
export { type ControllerOptions, type FailMode } from './settings.js';
export { type NamespaceOptions } from './namespace.js';
export { type ControllerState } from './state-machine.js';

// 2. Choose what keeps the data
export { NullMedium } from './media/null-medium.js';
export { RamMedium, type RamMediumOptions } from './media/ram-medium.js';
export { type FileBackend, FileMedium } from './media/file-medium.js';

// 3. Write a medium of your own
export { type Medium } from './media/medium.js';
export { Transfer } from './transfer.js';

// 4. Bounds
export * from './limits.js';
