import {
  type ExtendedLbaFormat,
  type IdentifyNamespace,
  type IdentifyNvmNamespace,
  lbaFormatIndex,
  type LbaFormat,
  type NamespaceDescriptors,
  NIDT_CSI,
  NIDT_EUI64,
  NIDT_NGUID,
  NIDT_UUID,
} from '@phasebit/nvme-spec';
import { type FieldTable, renamed, row, same } from './field-table.js';

/** NSFEAT 5:4, of which bit 4 alone was there before nvme-cli 2.10. */
const OPTPERF = 0x30;
const OPTPERF_16_BITS = 0x10;

/** Identify Namespace, and what its vendor put at the end. */
export interface ToldNamespace extends IdentifyNamespace {
  /** bytes of the vendor specific part up to the last that is not zero */
  readonly vendorBytes: number;
}

/** `nvme id-ns`. [NVM] 4.1.5.1 */
export const NAMESPACE_TABLE: FieldTable<ToldNamespace> = {
  name: 'id-ns',
  rows: [
    ...same<ToldNamespace>('nsze ncap nuse nsfeat nlbaf flbas mc dpc dps nmic rescap fpi dlfeat'),
    ...same<ToldNamespace>('nawun nawupf nacwu nabsn nabo nabspf noiob nvmcap nsattr nvmsetid'),
    ...same<ToldNamespace>('npwg npwa npda nows', { when: ({ nsfeat }) => (nsfeat & OPTPERF) !== 0 }),
    ...same<ToldNamespace>('npdg', { when: ({ nsfeat }) => (nsfeat & OPTPERF_16_BITS) !== 0 }),
    ...same<ToldNamespace>('mssrl mcl msrc nulbaf anagrpid endgid eui64 nguid'),
    ...same<ToldNamespace>('kpios kpiodaag', { since: 12 }),
    row<ToldNamespace>('vs', ['vendorBytes'], () => [], { since: 7, when: ({ vendorBytes }) => vendorBytes === 0 }),
  ],
  untold: { lbaf: 'has a table of its own' },
};

/** An LBA format, its number, and whether the namespace has it. */
export interface ToldLbaFormat extends LbaFormat {
  readonly index: number;
  readonly isInUse: boolean;
}

/** What nvme-cli tells of the formats of a namespace. */
export function toldLbaFormats({ lbaf, nlbaf, flbas }: IdentifyNamespace): ToldLbaFormat[] {
  const used = lbaFormatIndex(flbas, nlbaf + 1);
  return lbaf.map((format, index) => ({ ...format, index, isInUse: index === used }));
}

/** An LBA format of `nvme id-ns`. */
export const LBA_FORMAT_TABLE: FieldTable<ToldLbaFormat> = {
  name: 'id-ns lbafs',
  rows: [
    ...same<ToldLbaFormat>('ms rp'),
    renamed<ToldLbaFormat>('ds', 'lbads'),
    renamed<ToldLbaFormat>('lbaf', 'index', { since: 14 }),
    renamed<ToldLbaFormat>('in_use', 'isInUse', { since: 14 }),
  ],
  untold: {},
};

/** `nvme nvm-id-ns`. [NVM] 4.1.5.3 */
export const NVM_NAMESPACE_TABLE: FieldTable<IdentifyNvmNamespace> = {
  name: 'nvm-id-ns',
  rows: [
    ...same<IdentifyNvmNamespace>('lbstm pic'),
    ...same<IdentifyNvmNamespace>('pifa', { since: 10 }),
    ...same<IdentifyNvmNamespace>('npdgl', { since: 10, when: ({ npdgl }) => npdgl !== 0 }),
    ...same<IdentifyNvmNamespace>('nprg npra nors npdal lbapss tlbaag', { since: 11 }),
  ],
  untold: { elbaf: 'has a table of its own' },
};

/** An extended LBA format of `nvme nvm-id-ns`. Where PIF says that QPIF has the format, ours is QPIF. */
export const EXTENDED_LBA_FORMAT_TABLE: FieldTable<ExtendedLbaFormat> = {
  name: 'nvm-id-ns elbafs',
  rows: [...same<ExtendedLbaFormat>('sts pif'), row<ExtendedLbaFormat>('qpif', [], () => 0, { since: 10 })],
  untold: {},
};

const DESCRIPTORS: Readonly<Record<keyof NamespaceDescriptors, { nidt: number; nidl: number }>> = {
  eui64: { nidt: NIDT_EUI64, nidl: 8 },
  nguid: { nidt: NIDT_NGUID, nidl: 16 },
  uuid: { nidt: NIDT_UUID, nidl: 16 },
  csi: { nidt: NIDT_CSI, nidl: 1 },
};
/** Type byte, length byte and two reserved ones. */
const DESCRIPTOR_HEADER_BYTES = 4;

/** Keys of a descriptor: place, type byte, length, name of the type, and the identifier under that name. */
const DESCRIPTOR_KEYS = 5;

/** Compares `nvme ns-descs`, in the order in which nvme-cli found them. [Base] 5.1.13.2.3 @returns a line for each difference */
export function compareDescriptors(
  theirs: readonly Readonly<Record<string, unknown>>[],
  ours: NamespaceDescriptors,
): string[] {
  const problems: string[] = [];
  const told: Record<string, unknown> = {};
  let loc = 0;
  for (const each of theirs) {
    const type = String(each['type'] ?? each['Type']) as keyof NamespaceDescriptors;
    const { nidt, nidl } = DESCRIPTORS[type] ?? {};
    const { loc: place, nidt: number, nidl: bytes, [type]: value } = each;
    if (Object.keys(each).length !== DESCRIPTOR_KEYS || place !== loc || number !== nidt || bytes !== nidl) {
      problems.push(
        `ns-descs ${type}: nvme-cli says ${JSON.stringify(each)}, expected ${JSON.stringify({ loc, nidt, nidl })}`,
      );
    }
    told[type] = type === 'csi' ? Number(value) : value;
    loc += DESCRIPTOR_HEADER_BYTES + (nidl ?? 0);
  }
  for (const type of new Set([...Object.keys(told), ...Object.keys(ours)]) as Set<keyof NamespaceDescriptors>) {
    if (told[type] !== ours[type])
      problems.push(`ns-descs.${type}: nvme-cli says ${String(told[type])}, ours ${ours[type]}`);
  }
  return problems;
}
