import type { Namespace, QueuePair } from '@phasebit/nvme';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';

/** Makes the first blocks of a namespace read as zeroes, which a load that verifies begins with. */
export async function zeroBlocks(
  bench: DeviceBench,
  pair: QueuePair,
  namespace: Namespace,
  blocks: number,
): Promise<void> {
  const { status } = await bench.run(pair, (done) => pair.writeZeroes(namespace, 0, blocks, 0, done, undefined));
  demand(status === 0, 'Write Zeroes to succeed', status);
}
