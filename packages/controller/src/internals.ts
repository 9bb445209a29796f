import type { AnaGroups } from './ana-groups.js';
import type { AsyncEvents } from './async-events.js';
import type { ChangedNamespaces } from './changed-namespaces.js';
import type { DoorbellFaults } from './doorbell-faults.js';
import type { ErrorLog } from './error-log.js';
import type { FaultPlan } from './faults/fault-plan.js';
import type { FeatureStore } from './feature-store.js';
import type { Health } from './health.js';
import type { InFlight } from './in-flight.js';
import type { Interrupts } from './interrupts.js';
import type { NamespaceTable } from './namespace-table.js';
import type { QueueSet } from './queue-set.js';
import type { ReservationLog } from './reservations/reservation-log.js';
import type { SavedFeatures } from './saved-features.js';
import type { SelfTest } from './self-test/self-test.js';
import type { RegisterFile } from './register-file.js';
import type { Settings } from './settings.js';
import type { StateMachine } from './state-machine.js';
import type { Subsystem } from './subsystem.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { Transfer } from './transfer.js';

/** The parts of one controller, as its command handlers see them. Built once by `Controller`. */
export interface Internals {
  readonly settings: Settings;
  readonly subsystem: Subsystem;
  readonly machine: StateMachine;
  readonly registers: RegisterFile;
  readonly queues: QueueSet;
  readonly interrupts: Interrupts;
  readonly namespaces: NamespaceTable;
  readonly features: FeatureStore;
  readonly events: AsyncEvents;
  readonly errors: ErrorLog;
  readonly health: Health;
  readonly ana: AnaGroups;
  /** attached namespaces that changed */
  readonly changedNamespaces: ChangedNamespaces;
  /** allocated namespaces that changed, attached or not */
  readonly changedAllocated: ChangedNamespaces;
  readonly reservationLog: ReservationLog;
  /** values that survive resets */
  readonly savedFeatures: SavedFeatures;
  readonly selfTest: SelfTest;
  readonly telemetry: Telemetry;
  readonly doorbells: DoorbellFaults;
  /** ends a hang, as `Controller.revive` does */
  readonly revive: () => void;
  /** commands that complete later */
  readonly inFlight: InFlight;
  /** what goes wrong */
  readonly faults: FaultPlan;
  /** the pieces of the command being executed */
  readonly transfer: Transfer;
  /** most bytes of one data transfer, from MDTS */
  readonly transferBytesMax: number;
  /** what the Commands Supported and Effects log says of admin commands: opcode and dword */
  readonly adminEffects: readonly (readonly [opcode: number, effects: number])[];
}
