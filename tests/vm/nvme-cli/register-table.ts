import { type FieldTable, type Movement, same } from './field-table.js';

/** Registers in the order of the specification, with their sizes. [Base] 3.1.4 */
const WIDE = 'cap asq acq bpmbl cmbmsc'.split(' ');

/** The values of all registers that nvme-cli prints, under its names. */
export type Registers = Readonly<Record<string, number | bigint>>;

const SET_BY_THE_DRIVER: Movement = {
  why: 'each driver has its own queues',
  allows: () => true,
};
const WITH_THE_BUFFER: Movement = {
  why: 'shown while CMBMSC says that the host uses the buffer',
  allows: (theirs, ours) => theirs === '0' || ours === '0',
};

/** `nvme show-regs`. */
export const REGISTER_TABLE: FieldTable<Registers> = {
  name: 'show-regs',
  rows: [
    ...same<Registers>('cap vs intms intmc cc csts nssr'),
    ...same<Registers>('aqa asq acq', { moves: SET_BY_THE_DRIVER }),
    ...same<Registers>('cmbloc cmbsz cmbmsc', { moves: WITH_THE_BUFFER }),
    ...same<Registers>('bpinfo bprsel bpmbl cmbsts'),
    ...same<Registers>('cmbebs cmbswtp', { since: 13 }),
    ...same<Registers>('nssd', { since: 9 }),
    ...same<Registers>('crto', { since: 1 }),
    ...same<Registers>('pmrcap pmrctl pmrsts pmrebs pmrswtp pmrmscl pmrmscu'),
  ],
  untold: {},
};

/** Bytes of a register that nvme-cli prints. */
export const registerBytes = (name: string): 4 | 8 => (WIDE.includes(name) ? 8 : 4);

/** Names of all registers that nvme-cli prints, whatever its version. */
export const REGISTER_NAMES: readonly string[] = REGISTER_TABLE.rows.map(({ key }) => key);
