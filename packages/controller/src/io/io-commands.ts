import {
  COMMAND_EFFECTS,
  COMMAND_SCOPE_NAMESPACE,
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
} from '@phasebit/nvme-spec';
import { reservationAcquire } from '../reservations/reservation-acquire.js';
import { reservationRegister } from '../reservations/reservation-register.js';
import { reservationRelease } from '../reservations/reservation-release.js';
import { reservationReport } from '../reservations/reservation-report.js';
import { readBlocks, writeBlocks } from './block-transfer.js';
import { createCompare } from './compare.js';
import { copy } from './copy.js';
import { createDatasetManagement } from './dataset-management.js';
import { flush } from './flush.js';
import type { IoHandler } from './io-context.js';
import { verify } from './verify.js';
import { writeUncorrectable } from './write-uncorrectable.js';
import { writeZeroes } from './write-zeroes.js';

const SUPPORTED = COMMAND_EFFECTS.CSUPP.mask;
/** User data may change, of namespaces and nothing beyond them. */
const CHANGES_DATA = COMMAND_EFFECTS.CSP.set(SUPPORTED | COMMAND_EFFECTS.LBCC.mask, COMMAND_SCOPE_NAMESPACE);

interface Row {
  readonly opcode: number;
  /** dword of the Commands Supported and Effects log */
  readonly effects: number;
  /** makes what executes the command */
  readonly create: () => IoHandler;
}

/** Every I/O command there is. What is not here is an invalid opcode. */
const ROWS: readonly Row[] = [
  { opcode: NVM_FLUSH, effects: SUPPORTED, create: () => flush },
  { opcode: NVM_WRITE, effects: CHANGES_DATA, create: () => writeBlocks },
  { opcode: NVM_READ, effects: SUPPORTED, create: () => readBlocks },
  { opcode: NVM_WRITE_UNCORRECTABLE, effects: CHANGES_DATA, create: () => writeUncorrectable },
  { opcode: NVM_COMPARE, effects: SUPPORTED, create: createCompare },
  { opcode: NVM_WRITE_ZEROES, effects: CHANGES_DATA, create: () => writeZeroes },
  { opcode: NVM_DATASET_MANAGEMENT, effects: CHANGES_DATA, create: createDatasetManagement },
  { opcode: NVM_VERIFY, effects: SUPPORTED, create: () => verify },
  { opcode: NVM_COPY, effects: CHANGES_DATA, create: () => copy },
  { opcode: NVM_RESERVATION_REGISTER, effects: SUPPORTED, create: () => reservationRegister },
  { opcode: NVM_RESERVATION_REPORT, effects: SUPPORTED, create: () => reservationReport },
  { opcode: NVM_RESERVATION_ACQUIRE, effects: SUPPORTED, create: () => reservationAcquire },
  { opcode: NVM_RESERVATION_RELEASE, effects: SUPPORTED, create: () => reservationRelease },
];

/** The handlers by opcode, fresh ones for each controller, since some own memory. */
export function createIoHandlers(): readonly (IoHandler | undefined)[] {
  const handlers = new Array<IoHandler | undefined>(256).fill(undefined);
  for (const { opcode, create } of ROWS) handlers[opcode] = create();
  return handlers;
}

/** What the Commands Supported and Effects log says of I/O commands: opcode and dword. */
export const IO_EFFECTS: readonly (readonly [opcode: number, effects: number])[] = ROWS.map(
  ({ opcode, effects }) => [opcode, effects] as const,
);
