import type { Controller, Namespace } from '@phasebit/nvme';
import { OACS_DOORBELL_BUFFER } from '@phasebit/nvme-spec';
import type { PlacedFunction } from './device-place.js';

/** A namespace as the report and the refusals name it. */
export interface NamespaceFacts {
  readonly nsid: number;
  readonly blocks: number;
  readonly blockBytes: number;
  /** bytes of metadata of a block, 0 for none, and whether they follow the data of each block */
  readonly metadataBytes: number;
  readonly isExtended: boolean;
  /** type of the protection information, 0 for none */
  readonly piType: number;
}

/** What a device has said of itself. Texts are printable ASCII. */
export interface DeviceFacts {
  /** `vfio:0000:01:00.0` */
  readonly name: string;
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
  /** active ones, by identifier */
  readonly namespaces: readonly NamespaceFacts[];
  /** entries of its largest I/O queue, CAP.MQES + 1 */
  readonly queueEntriesMax: number;
  /** I/O queue pairs that it granted, of those that were asked for */
  readonly queuePairs: number;
  /** most bytes of one command */
  readonly transferBytesMax: number;
  /** MSI-X vectors that can be had */
  readonly vectors: number;
  /** whether it offers doorbells through memory (Doorbell Buffer Config) */
  readonly offersShadowDoorbells: boolean;
}

/** What a controller that is up says of its device. */
export function factsOf(placed: PlacedFunction, controller: Controller): DeviceFacts {
  const { identity, capabilities, namespaces } = controller;
  return {
    name: placed.name,
    model: printable(identity.mn),
    serial: printable(identity.sn),
    firmware: printable(identity.fr),
    namespaces: [...namespaces.values()].map(namespaceFacts),
    queueEntriesMax: capabilities.queueEntriesMax,
    queuePairs: controller.ioQueuePairsMax,
    transferBytesMax: controller.transferBytesMax,
    vectors: placed.function.vectors.count,
    offersShadowDoorbells: (identity.oacs & OACS_DOORBELL_BUFFER) !== 0,
  };
}

function namespaceFacts(namespace: Namespace): NamespaceFacts {
  const { nsid, blocks, blockBytes, metadataBytes, isExtended, piType } = namespace;
  return { nsid, blocks, blockBytes, metadataBytes, isExtended, piType };
}

/** A device may say anything, and a terminal would do it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').trim();
}
