import type { Namespace, QueuePair } from '@phasebit/nvme';
import type { PathController } from './path-controller.js';

/** A namespace as one channel reaches it: through a queue pair of its own on each controller. */
export interface NvmePath {
  /** the controller */
  readonly source: PathController;
  /** the namespace as that controller shows it */
  readonly namespace: Namespace;
  /** the channel's own queue pair there */
  readonly pair: QueuePair;
}
