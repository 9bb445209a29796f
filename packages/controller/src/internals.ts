import type { AnaGroups } from './ana-groups.js';
import type { AsyncEvents } from './async-events.js';
import type { ChangedNamespaces } from './changed-namespaces.js';
import type { DoorbellFaults } from './doorbell-faults.js';
import type { ErrorLog } from './error-log.js';
import type { FeatureStore } from './feature-store.js';
import type { Health } from './health.js';
import type { NamespaceTable } from './namespace-table.js';
import type { QueueSet } from './queue-set.js';
import type { RegisterFile } from './register-file.js';
import type { Settings } from './settings.js';
import type { Transfer } from './transfer.js';

/** The parts of one controller, as its command handlers see them. Built once by `Controller`. */
export interface Internals {
  readonly settings: Settings;
  readonly registers: RegisterFile;
  readonly queues: QueueSet;
  readonly namespaces: NamespaceTable;
  readonly features: FeatureStore;
  readonly events: AsyncEvents;
  readonly errors: ErrorLog;
  readonly health: Health;
  readonly ana: AnaGroups;
  readonly changedNamespaces: ChangedNamespaces;
  readonly doorbells: DoorbellFaults;
  /** the pieces of the command being executed */
  readonly transfer: Transfer;
  /** most bytes of one data transfer, from MDTS */
  readonly transferBytesMax: number;
  /** what the Commands Supported and Effects log says of admin commands: opcode and dword */
  readonly adminEffects: readonly (readonly [opcode: number, effects: number])[];
}
