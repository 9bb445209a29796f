/**
 * An NVMe controller model: registers, queues, admin and I/O commands, namespaces and their media, driven by any NVMe host over a link
 * of `@phasebit/pcie`. Start with {@link Controller}: whoever owns the loop calls its `step`.
 *
 * @packageDocumentation
 */

// 1. Make a controller and give it turns
export { Controller, type DoorbellFaultCounts } from './controller.js';
export { type ControllerOptions } from './settings.js';
export { type ShadowPolicy } from './doorbell-buffers.js';
export { type NamespaceIdentity, type NamespaceOptions } from './namespace-options.js';
export { type IoLimits } from './io/io-limits.js';
export { type ControllerState } from './state-machine.js';
export { type Conditions } from './health.js';

// 2. Let several controllers share namespaces
export { Subsystem } from './subsystem.js';
export { type SubsystemDurations, type SubsystemOptions, type SubsystemSettings } from './subsystem-options.js';
export { type AllocatedNamespace } from './allocated-namespace.js';
export { type LbaFormat, type NamespaceFormat } from './namespace-format.js';

// 3. Choose what keeps the data
export { NullMedium } from './media/null-medium.js';
export { RamMedium, type RamMediumOptions } from './media/ram-medium.js';
export { type FileBackend, FileMedium, type FileMediumOptions } from './media/file-medium.js';
export { PowerLossMedium, type PowerLossMediumOptions } from './media/power-loss-medium.js';
export { NandMedium, type NandMediumOptions } from './media/nand/nand-medium.js';
export { NAND_SLC, NAND_TLC, type NandGeometry, type NandProfile, type NandTimes } from './media/nand/nand-profile.js';
export { type NandStatistics } from './media/nand/nand-statistics.js';

// 4. Write a medium of your own
export { type Medium, MEDIUM_DEALLOCATE, MEDIUM_FLUSH, MEDIUM_READ, MEDIUM_WRITE } from './media/medium.js';
export { Transfer } from './transfer.js';

// 5. Let it fail
export { type FailMode } from './faults/fail-mode.js';
export { FaultPlan } from './faults/fault-plan.js';
export {
  type BreakFault,
  type Chance,
  type CommandFault,
  type CorruptFault,
  type DoorbellsLostFault,
  type DuplicateFault,
  type FaultKind,
  type FaultMatch,
  type FaultOptions,
  type FaultRule,
  type LateFault,
  type LostFault,
  type ReorderFault,
  type StatusFault,
  type StuckReadyFault,
} from './faults/fault-rule.js';

// 6. Give it firmware
export { createFirmwareImage } from './firmware/firmware-image.js';

// 7. Bounds
export * from './limits.js';
