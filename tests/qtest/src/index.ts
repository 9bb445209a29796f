/**
 * QEMU's own NVMe device, driven from this process with no guest: QEMU is started with its processors stopped, its registers are reached
 * through the qtest socket, and its RAM is memory of this process. For tests; nothing of it is published.
 *
 * @packageDocumentation
 */
export { findQemu, noQemu, QemuProcess } from './qemu-process.js';
export { openQtest, type QtestFunction } from './open-qtest.js';
export { openQtestMachine, type QtestMachine, type QtestOptions } from './qtest-machine.js';
export { type MachineFunction } from './qtest-function.js';
export { QtestSocket } from './qtest-socket.js';
