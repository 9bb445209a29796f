import type { Namespace, QueuePair } from '@phasebit/nvme';
import type { PathController } from './path-controller.js';

/** A namespace as one channel reaches it: through a queue pair of its own on each controller. */
export interface NvmePath {
  readonly source: PathController;
  readonly namespace: Namespace;
  readonly pair: QueuePair;
}
