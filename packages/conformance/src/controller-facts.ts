import type { U64 } from '@phasebit/core';
import type { IdentifyController, IdentifyNamespace } from '@phasebit/nvme-spec';

/** A namespace that the cases may write to. */
export interface NamespaceFacts {
  /** namespace identifier */
  readonly nsid: number;
  /** bytes of a logical block, without metadata */
  readonly blockBytes: number;
  /** metadata bytes of a logical block */
  readonly metadataBytes: number;
  /** whether the metadata follows the data of each block in one buffer */
  readonly isExtended: boolean;
  /** protection information type, 0 for none */
  readonly piType: number;
  /** whether protection information is the first bytes of the metadata, not the last */
  readonly piIsFirst: boolean;
  /** bits of the guard of its format: 16, 32 or 64 */
  readonly guardBits: number;
  /** logical blocks */
  readonly blocks: number;
  /** what the controller says of it */
  readonly identify: IdentifyNamespace;
}

/** What is known of a controller before any case runs: a case that does not apply to it says so from this. */
export interface ControllerFacts {
  /** controller capabilities register */
  readonly cap: U64;
  /** version register */
  readonly version: number;
  /** Identify Controller, decoded */
  readonly identify: IdentifyController;
  /** active namespaces in order of their identifiers, at least one of them plain (no metadata) */
  readonly namespaces: readonly NamespaceFacts[];
  /** the first namespace without metadata: where most cases read and write */
  readonly plain: NamespaceFacts;
  /** entries of the largest I/O queue, CAP.MQES + 1 */
  readonly queueEntriesMax: number;
  /** I/O queue pairs granted */
  readonly queuePairs: number;
  /** most bytes of one transfer, from MDTS; Infinity without a limit */
  readonly transferBytesMax: number;
  /** opcodes that the Commands Supported and Effects log lists for the admin queue; empty without that log */
  readonly adminOpcodes: ReadonlySet<number>;
  /** opcodes that the Commands Supported and Effects log lists for I/O queues; empty without that log */
  readonly ioOpcodes: ReadonlySet<number>;
  /** features that the controller says cannot be changed; empty where it cannot be asked */
  readonly fixedFeatures: ReadonlySet<number>;
  /** log pages that can be read */
  readonly logPages: ReadonlySet<number>;
  /** MSI-X vectors that the host can see */
  readonly vectors: number;
  /** see `ConformanceTarget.waitMsMax` */
  readonly waitMsMax: number;
  /** see `ConformanceTarget.firmwareImage` */
  readonly firmwareImage: Uint8Array | undefined;
}
