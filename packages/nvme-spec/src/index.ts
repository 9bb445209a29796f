/**
 * The bytes of NVMe and their names: what a driver, a controller model and a test must agree on, and nothing that acts.
 *
 * Constants are flat and named like the specification's figures; offsets are bytes, little-endian throughout. Hot paths
 * use the constants. Layouts, registers and decoders are for the control plane, dumps and tests. Start with
 * {@link SQE_BYTES | submission-queue-entry}, {@link CQE_BYTES | completion-queue-entry} and {@link describeStatus}.
 *
 * Comments cite [Base] NVM Express Base Specification 2.1, [NVM] NVM Command Set Specification 1.1 and [PCIe] NVMe over
 * PCIe Transport Specification 1.1.
 * @packageDocumentation
 */

// 1. Submit a command and read its completion
export * from './submission-queue-entry.js';
export * from './completion-queue-entry.js';
export * from './doorbells.js';
export * from './prp.js';
export * from './sgl.js';

// 2. What a completion says
export * from './status.js';
export * from './status-codes.js';
export * from './status.table.js';
export * from './status.describe.js';

// 3. Which commands there are
export * from './opcode.js';
export * from './admin-opcodes.js';
export * from './nvm-opcodes.js';

// 4. Bring a controller up
export * from './registers.js';
export * from './registers-memory.js';

// 5. Admin commands, field by field
export * from './identify-command.js';
export * from './io-queue-commands.js';
export * from './features.js';
export * from './feature-values.js';
export * from './power-features.js';
export * from './namespace-features.js';
export * from './host-features.js';
export * from './log-pages.js';
export * from './abort-command.js';
export * from './async-event.js';
export * from './firmware-commands.js';
export * from './format-command.js';
export * from './sanitize-command.js';
export * from './self-test-command.js';
export * from './namespace-management-commands.js';
export * from './security-commands.js';
export * from './directive-commands.js';

// 6. NVM commands, field by field
export * from './read-write-commands.js';
export * from './dataset-management.js';
export * from './copy-command.js';
export * from './reservation-commands.js';
export * from './reservation-status.js';
export * from './lba-status.js';
export * from './io-management-commands.js';
export * from './cancel-command.js';

// 7. Protection information of blocks
export * from './protection-information.js';
export * from './protection-blocks.js';
export * from './crc16-t10dif.js';
export * from './crc32c.js';
export * from './crc64-nvme.js';

// 8. What Identify returns
export * from './identify-controller.js';
export * from './identify-controller.bits.js';
export * from './identify-controller.decode.js';
export * from './power-state.js';
export * from './identify-namespace.js';
export * from './identify-namespace.decode.js';
export * from './identify-independent-namespace.js';
export * from './identify-nvm-namespace.js';
export * from './identify-nvm-controller.js';
export * from './namespace-descriptors.js';
export * from './namespace-list.js';
export * from './controller-list.js';
export * from './identify-lists.js';

// 9. What Get Log Page returns
export * from './supported-logs.js';
export * from './error-log.js';
export * from './smart-log.js';
export * from './firmware-slot-log.js';
export * from './command-effects-log.js';
export * from './feature-effects-log.js';
export * from './self-test-log.js';
export * from './telemetry-log.js';
export * from './endurance-group-log.js';
export * from './ana-log.js';
export * from './persistent-event-log.js';
export * from './persistent-events.js';
export * from './boot-partition-log.js';
export * from './reservation-notification-log.js';
export * from './sanitize-log.js';

// 10. Tools the tables are made of: bit fields, registers, layouts, bytes
export * from './bits.js';
export * from './register.js';
export * from './layout.js';
export * from './submission-queue-entry.layout.js';
export * from './completion-queue-entry.layout.js';
export * from './bytes.js';
