/**
 * The controller of QEMU that the conformance suite tries: everything optional that it has switched on, and a namespace of each kind.
 */
import { openQtestMachine, type QtestMachine } from '@phasebit/qtest';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { OpenTarget } from './targets.js';

/** Properties of `nvme-ns`, the metadata formats of QEMU among them. */
const NAMESPACES: readonly string[] = [
  'uuid=auto,logical_block_size=512,physical_block_size=512',
  'uuid=auto,logical_block_size=4096,physical_block_size=4096',
  'uuid=auto,logical_block_size=512,physical_block_size=512,ms=8,pi=1',
  'uuid=auto,logical_block_size=4096,physical_block_size=4096,ms=64,mset=1,pi=1,pif=2',
  'uuid=auto,logical_block_size=512,physical_block_size=512,ms=16,mset=1',
  'uuid=auto,logical_block_size=512,physical_block_size=512,ms=16,pi=3',
  'uuid=auto,logical_block_size=512,physical_block_size=512,ms=8,mset=1,pi=2',
  'uuid=auto,logical_block_size=4096,physical_block_size=4096,ms=16,pi=1,pif=2',
];
const NAMESPACE_BYTES = 8 << 20;
/** Nothing is mapped there, and QEMU's devices may be pointed to it. */
const NOWHERE = 2 ** 45;

/** QEMU's arguments for that controller, whose data is kept in sparse files of a folder. */
export function qemuArguments(folder: string): string[] {
  const subsystem = ['-device', 'nvme-subsys,id=subsystem'];
  const controller = ['-device', 'nvme,id=controller,serial=CONFORMANCE,subsys=subsystem'];
  const namespaces = NAMESPACES.flatMap((properties, index) => {
    const file = path.join(folder, `namespace${index + 1}`);
    writeFileSync(file, '');
    truncateSync(file, NAMESPACE_BYTES);
    return [
      ...['-drive', `file=${file},format=raw,cache=unsafe,discard=unmap,if=none,id=drive${index}`],
      ...['-device', `nvme-ns,bus=controller,drive=drive${index},nsid=${index + 1},${properties}`],
    ];
  });
  return [...subsystem, ...controller, ...namespaces];
}

/** How long QEMU may take. */
export interface Patience {
  /** milliseconds that a command, or a change of CSTS, may take */
  readonly deadlineMs: number;
  /** milliseconds that a register read may take */
  readonly answerTimeoutMs: number;
  /** milliseconds in which something that must not come would have come */
  readonly quietMs: number;
}

/** Time enough for a machine on which much else goes on. */
export const PATIENT: Patience = { deadlineMs: 5000, answerTimeoutMs: 10_000, quietMs: 5 };
/** For a case that is known to fail: what has to come is not waited for long, what must not come has time to come. */
export const IMPATIENT: Patience = { deadlineMs: 300, answerTimeoutMs: 300, quietMs: 100 };

/** A target of the suite and the QEMU that it is in. */
export interface QemuTarget extends OpenTarget {
  readonly machine: QtestMachine;
}

/** Starts a QEMU. What ends it while it is tried is thrown by `pause`, since nobody will answer any more. */
export async function openQemu({ deadlineMs, answerTimeoutMs, quietMs }: Patience = PATIENT): Promise<QemuTarget> {
  const machine = await openQtestMachine({ arguments: qemuArguments, answerTimeoutMs });
  const fn = machine.functions[0];
  const pause = async (): Promise<void> => {
    await fn.pause();
    if (machine.hasEnded) throw new Error(machine.lastWords);
  };
  const clock = { nowNs: () => performance.now() * 1e6 };
  const target = { name: 'qtest', fn: { ...fn, pause }, clock, unmappedIova: NOWHERE, quietMs, waitMsMax: 50 };
  return { machine, target: { ...target, deadlineMs }, close: () => machine.close() };
}
