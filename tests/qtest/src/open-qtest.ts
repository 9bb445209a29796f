import type { MachineFunction } from './qtest-function.js';
import { openQtestMachine, type QtestMachine, type QtestOptions } from './qtest-machine.js';

/** The first NVMe function of a QEMU, and the machine that it is in. */
export interface QtestFunction extends MachineFunction {
  /** see {@link QtestMachine.qmp} */
  qmp: QtestMachine['qmp'];
  /** see {@link QtestMachine.close} */
  close: QtestMachine['close'];
  /** the machine */
  readonly machine: QtestMachine;
}

/** Starts QEMU and gives its first NVMe function. @throws Error as {@link openQtestMachine} */
export async function openQtest(options: QtestOptions): Promise<QtestFunction> {
  const machine = await openQtestMachine(options);
  const qmp: QtestMachine['qmp'] = (command, args) => machine.qmp(command, args);
  return Object.assign(machine.functions[0], { qmp, close: () => machine.close(), machine });
}
