import {
  crc16T10Dif,
  NVM_COMPARE,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  PRINFO_PRACT,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  PROTECTION_TYPE_1,
  PROTECTION_TYPE_3,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_PROTECTION_INFORMATION,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
} from '@phasebit/nvme-spec';
import { CaseList, type CaseDetails, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts, NamespaceFacts } from '../controller-facts.js';
import { demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import {
  BLOCKS,
  dataOf,
  knowFormat,
  LBA,
  tupleOf,
  wideBuffers,
  type WideBuffers,
  wideCommand,
} from './wide-transfers.js';

const list = new CaseList('protection');
const CHECKS = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION | PRINFO_PRCHK_REFERENCE;
const APPLICATION = 0x1234;
/** Dword 15: an application tag all of which is checked. */
const TAGS = { cdw15: ((0xffff << 16) | APPLICATION) >>> 0 };

type Pick = (facts: ControllerFacts) => NamespaceFacts | undefined;
const withGuard =
  (bits: number, isExtended: boolean): Pick =>
  ({ namespaces }) =>
    namespaces.find((each) => each.piType > 0 && each.guardBits === bits && each.isExtended === isExtended);
const ofType =
  (type: number): Pick =>
  ({ namespaces }) =>
    namespaces.find((each) => each.piType === type);
const KINDS = [
  ['separate 16-bit guards', withGuard(16, false)],
  ['16-bit guards in extended blocks', withGuard(16, true)],
  ['64-bit guards in extended blocks', withGuard(64, true)],
  ['separate 64-bit guards', withGuard(64, false)],
] as const;

function needs(pick: Pick, opcode = NVM_READ): CaseDetails {
  return {
    skip: (facts) => {
      if (pick(facts) === undefined) return 'no namespace of that kind';
      return facts.ioOpcodes.size === 0 || facts.ioOpcodes.has(opcode) ? undefined : 'no such command';
    },
  };
}

function on(pick: Pick, run: (host: ConformanceHost, namespace: NamespaceFacts) => Promise<void>) {
  return async (host: ConformanceHost): Promise<void> => {
    const namespace = pick(host.facts)!;
    await knowFormat(host, namespace);
    await run(host, namespace);
  };
}

/** All checks that a type of protection has: type 3 has no reference tags. */
function checksOf({ piType }: NamespaceFacts): number {
  return piType === PROTECTION_TYPE_3 ? CHECKS & ~PRINFO_PRCHK_REFERENCE : CHECKS;
}

/** Writes blocks whose protection information the controller makes, and reads all of it back. */
async function seeded(host: ConformanceHost, namespace: NamespaceFacts, seed: number): Promise<WideBuffers> {
  const written = wideBuffers(host, namespace, seed, PRINFO_PRACT);
  demandSuccess(await wideCommand(host, namespace, NVM_WRITE, written, { ...TAGS, prinfo: PRINFO_PRACT }));
  const all = wideBuffers(host, namespace, seed + 50);
  demandSuccess(await wideCommand(host, namespace, NVM_READ, all, TAGS));
  return all;
}

/** Where the tags are in protection information: with guards of 64 bits behind 8 bytes. [NVM] 5.3.1 */
function tagsAt({ guardBits }: NamespaceFacts): number {
  return guardBits === 16 ? 2 : 8;
}

for (const [name, pick] of KINDS) {
  list.accepts(
    '[NVM] 5.3.2',
    `${name} that the controller made pass every check`,
    on(pick, async (host, namespace) => {
      const all = await seeded(host, namespace, 1);
      const read = { ...TAGS, prinfo: checksOf(namespace) };
      demandSuccess(await wideCommand(host, namespace, NVM_READ, all, read));
      for (let i = 0; i < BLOCKS; i++) {
        const tuple = tupleOf(host, namespace, all, i);
        const at = tagsAt(namespace);
        demandEqual((tuple[at] << 8) | tuple[at + 1], APPLICATION, `application tag of block ${i}`);
        if (namespace.piType === PROTECTION_TYPE_3) continue;
        demandEqual(tuple[tuple.length - 1], LBA + i, `last byte of the reference tag of block ${i}`);
      }
    }),
    needs(pick),
  );

  list.accepts(
    '[NVM] 5.3.2',
    `${name} are checked and stripped by PRACT, and the data arrives`,
    on(pick, async (host, namespace) => {
      const written = wideBuffers(host, namespace, 2, PRINFO_PRACT);
      const command = { ...TAGS, prinfo: PRINFO_PRACT | checksOf(namespace) };
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, written, command));
      const read = wideBuffers(host, namespace, 60, PRINFO_PRACT);
      demandSuccess(await wideCommand(host, namespace, NVM_READ, read, command));
      const { blockBytes } = namespace;
      const expected = host.memory.bytes(written.address, blockBytes);
      demandBytes(host.memory.bytes(read.address, blockBytes), expected, 'data of the first block');
    }),
    needs(pick),
  );

  list.accepts(
    '[NVM] 5.3.2',
    `${name} that the host made are written and read back`,
    on(pick, async (host, namespace) => {
      const all = await seeded(host, namespace, 3);
      const checked = { ...TAGS, prinfo: checksOf(namespace) };
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, all, checked));
      demandSuccess(await wideCommand(host, namespace, NVM_READ, all, checked));
    }),
    needs(pick),
  );

  for (const [field, check, byte, status] of [
    ['guard', PRINFO_PRCHK_GUARD, () => 0, STATUS_GUARD_CHECK_ERROR],
    ['application tag', PRINFO_PRCHK_APPLICATION, tagsAt, STATUS_APPLICATION_TAG_CHECK_ERROR],
    [
      'reference tag',
      PRINFO_PRCHK_REFERENCE,
      (n: NamespaceFacts) => (n.guardBits === 16 ? 7 : 15),
      STATUS_REFERENCE_TAG_CHECK_ERROR,
    ],
  ] as const) {
    const checked: Pick = (facts) => {
      const namespace = pick(facts);
      return namespace !== undefined && (checksOf(namespace) & check) !== 0 ? namespace : undefined;
    };
    list.refuses(
      '[NVM] 5.3.3',
      `a wrong ${field} among ${name} is not written, and the blocks stay`,
      on(checked, async (host, namespace) => {
        const all = await seeded(host, namespace, 4);
        tupleOf(host, namespace, all, 2)[byte(namespace)] ^= 0x20;
        demandStatus(await wideCommand(host, namespace, NVM_WRITE, all, { ...TAGS, prinfo: check }), [status]);
        demandSuccess(await wideCommand(host, namespace, NVM_READ, all, { ...TAGS, prinfo: checksOf(namespace) }));
      }),
      needs(checked),
    );

    list.refuses(
      '[NVM] 5.3.3',
      `a wrong ${field} on the media among ${name} fails what checks it and nothing else`,
      on(checked, async (host, namespace) => {
        const all = await seeded(host, namespace, 5);
        tupleOf(host, namespace, all, 1)[byte(namespace)] ^= 0x20;
        demandSuccess(await wideCommand(host, namespace, NVM_WRITE, all, TAGS));
        for (const opcode of [NVM_READ, NVM_VERIFY]) {
          if (opcode === NVM_VERIFY && !host.facts.ioOpcodes.has(NVM_VERIFY)) continue;
          demandStatus(await wideCommand(host, namespace, opcode, all, { ...TAGS, prinfo: check }), [status]);
          const others = checksOf(namespace) & ~check;
          demandSuccess(await wideCommand(host, namespace, opcode, all, { ...TAGS, prinfo: others }));
        }
      }),
      needs(checked),
    );
  }

  list.accepts(
    '[NVM] 5.3.3',
    `an application tag of FFFFh switches the checks of ${name} off`,
    on(pick, async (host, namespace) => {
      const all = await seeded(host, namespace, 6);
      for (let i = 0; i < BLOCKS; i++) {
        const tuple = tupleOf(host, namespace, all, i);
        tuple[0] ^= 0xff;
        // Type 3 looks at the reference tag as well.
        if (namespace.piType === PROTECTION_TYPE_3) tuple.fill(0xff, tagsAt(namespace));
        else tuple.fill(0xff, tagsAt(namespace), tagsAt(namespace) + 2);
      }
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, all, TAGS));
      demandSuccess(await wideCommand(host, namespace, NVM_READ, all, { ...TAGS, prinfo: checksOf(namespace) }));
    }),
    needs(pick),
  );
}

list.accepts(
  '[NVM] 5.3.1.1',
  'a 16-bit guard is the CRC of the data of its block',
  on(withGuard(16, false), async (host, namespace) => {
    const all = await seeded(host, namespace, 7);
    // Metadata before the protection information is part of the sum, so this is for blocks that have no other.
    if (namespace.metadataBytes !== 8) return;
    for (let i = 0; i < BLOCKS; i++) {
      const tuple = tupleOf(host, namespace, all, i);
      const data = dataOf(host, namespace, all, i);
      demandEqual((tuple[0] << 8) | tuple[1], crc16T10Dif(data, 0, data.length), `guard of block ${i}`);
    }
  }),
  needs(withGuard(16, false)),
);

list.accepts(
  '[NVM] 5.3.3',
  'bits of the application tag that the mask leaves out are not checked',
  on(ofType(PROTECTION_TYPE_1), async (host, namespace) => {
    const all = await seeded(host, namespace, 8);
    const masked = { prinfo: PRINFO_PRCHK_APPLICATION, cdw15: ((0xff00 << 16) | 0x12ee) >>> 0 };
    demandSuccess(await wideCommand(host, namespace, NVM_READ, all, masked));
    const whole = { prinfo: PRINFO_PRCHK_APPLICATION, cdw15: ((0xffff << 16) | 0x12ee) >>> 0 };
    demandStatus(await wideCommand(host, namespace, NVM_READ, all, whole), [STATUS_APPLICATION_TAG_CHECK_ERROR]);
  }),
  needs(ofType(PROTECTION_TYPE_1)),
);

list.accepts(
  '[NVM] 5.3.3',
  'type 2 takes whatever reference tag the command begins with',
  on(ofType(2), async (host, namespace) => {
    const buffers = wideBuffers(host, namespace, 9, PRINFO_PRACT);
    const command = { ...TAGS, cdw14: 0x7000, prinfo: PRINFO_PRACT | CHECKS };
    demandSuccess(await wideCommand(host, namespace, NVM_WRITE, buffers, command));
    demandSuccess(await wideCommand(host, namespace, NVM_READ, buffers, command));
    const other = await wideCommand(host, namespace, NVM_READ, buffers, { ...command, cdw14: 0x7001 });
    demandStatus(other, [STATUS_REFERENCE_TAG_CHECK_ERROR]);
  }),
  needs(ofType(2)),
);

for (const [name, opcode] of [
  ['Read', NVM_READ],
  ['Write', NVM_WRITE],
  ['Compare', NVM_COMPARE],
  ['Verify', NVM_VERIFY],
] as const) {
  list.refuses(
    '[NVM] 5.3.3',
    `${name} of type 1 whose first reference tag is not its block is refused`,
    on(ofType(PROTECTION_TYPE_1), async (host, namespace) => {
      const all = await seeded(host, namespace, 10);
      const command = { ...TAGS, cdw14: LBA + 1, prinfo: PRINFO_PRCHK_REFERENCE };
      demandStatus(await wideCommand(host, namespace, opcode, all, command), [STATUS_INVALID_PROTECTION_INFORMATION]);
    }),
    needs(ofType(PROTECTION_TYPE_1), opcode),
  );

  list.refuses(
    '[NVM] 5.3.3',
    `${name} of type 3 that checks the reference tag is refused, or fails the check`,
    on(ofType(PROTECTION_TYPE_3), async (host, namespace) => {
      const all = await seeded(host, namespace, 11);
      const completion = await wideCommand(host, namespace, opcode, all, { ...TAGS, prinfo: PRINFO_PRCHK_REFERENCE });
      demandStatus(completion, [STATUS_INVALID_PROTECTION_INFORMATION, STATUS_REFERENCE_TAG_CHECK_ERROR]);
    }),
    needs(ofType(PROTECTION_TYPE_3), opcode),
  );
}

list.refuses(
  '[NVM] 3.3.1',
  'Compare with PRACT is refused',
  on(ofType(PROTECTION_TYPE_1), async (host, namespace) => {
    const all = await seeded(host, namespace, 12);
    const completion = await wideCommand(host, namespace, NVM_COMPARE, all, { ...TAGS, prinfo: PRINFO_PRACT });
    demandStatus(completion, [STATUS_INVALID_PROTECTION_INFORMATION, STATUS_INVALID_FIELD]);
  }),
  needs(ofType(PROTECTION_TYPE_1), NVM_COMPARE),
);

list.refuses(
  '[NVM] 3.3.5',
  'Verify with PRACT is refused',
  on(ofType(PROTECTION_TYPE_1), async (host, namespace) => {
    const all = await seeded(host, namespace, 13);
    const completion = await wideCommand(host, namespace, NVM_VERIFY, all, { ...TAGS, prinfo: PRINFO_PRACT });
    demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_INVALID_PROTECTION_INFORMATION]);
  }),
  needs(ofType(PROTECTION_TYPE_1), NVM_VERIFY),
);

/** Protection information: made, checked and stripped by the controller. */
export const PROTECTION_CASES: readonly ConformanceCase[] = list.cases;
