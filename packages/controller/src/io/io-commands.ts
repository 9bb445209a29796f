import {
  COMMAND_EFFECTS,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { createCompare } from './compare.js';
import { datasetManagement } from './dataset-management.js';
import { flush } from './flush.js';
import type { IoContext, IoHandler } from './io-context.js';
import { readOrWrite } from './read-write.js';
import { writeZeroes } from './write-zeroes.js';

const SUPPORTED = COMMAND_EFFECTS.CSUPP.mask;
const CHANGES_DATA = SUPPORTED | COMMAND_EFFECTS.LBCC.mask;

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
  { opcode: NVM_WRITE, effects: CHANGES_DATA, create: () => readOrWriteCopy },
  { opcode: NVM_READ, effects: SUPPORTED, create: () => readOrWriteCopy },
  { opcode: NVM_COMPARE, effects: SUPPORTED, create: createCompare },
  { opcode: NVM_WRITE_ZEROES, effects: CHANGES_DATA, create: () => writeZeroes },
  { opcode: NVM_DATASET_MANAGEMENT, effects: CHANGES_DATA, create: () => datasetManagement },
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

function readOrWriteCopy(io: IoContext, command: Command): number {
  return readOrWrite(io, command.signedWords, 0, command.opcode);
}
