import {
  NVM_COMPARE,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  STATUS_COMPARE_FAILURE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { CaseList, type CaseDetails, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts, NamespaceFacts } from '../controller-facts.js';
import { demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { demandFilled, UNDELIVERED } from './transfers.js';
import { BLOCKS, dataOf, knowFormat, LBA, metadataOf, wideBuffers, wideCommand } from './wide-transfers.js';

const list = new CaseList('metadata');

type Pick = (facts: ControllerFacts) => NamespaceFacts | undefined;
const separate: Pick = ({ namespaces }) => namespaces.find((each) => each.metadataBytes > 0 && !each.isExtended);
const extended: Pick = ({ namespaces }) => namespaces.find((each) => each.isExtended);
const extendedFormat: Pick = ({ namespaces }) => namespaces.find((each) => each.guardBits !== 16);
const KINDS = [
  ['separate metadata', separate],
  ['extended blocks', extended],
] as const;

function needs(pick: Pick, opcode?: number): CaseDetails {
  return {
    skip: (facts) => {
      if (pick(facts) === undefined) return 'no namespace of that kind';
      return opcode === undefined || facts.ioOpcodes.has(opcode) ? undefined : 'no such command';
    },
  };
}

/** Makes a case of something that is done to a namespace that was found. */
function on(pick: Pick, run: (host: ConformanceHost, namespace: NamespaceFacts) => Promise<void>) {
  return async (host: ConformanceHost): Promise<void> => {
    const namespace = pick(host.facts)!;
    await knowFormat(host, namespace);
    await run(host, namespace);
  };
}

for (const [name, pick] of KINDS) {
  list.accepts(
    '[NVM] 2.1.6',
    `data and metadata of ${name} are read as they were written`,
    on(pick, async (host, namespace) => {
      const written = wideBuffers(host, namespace, 11);
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, written));
      const read = wideBuffers(host, namespace, 99);
      demandSuccess(await wideCommand(host, namespace, NVM_READ, read));
      for (let i = 0; i < BLOCKS; i++) {
        demandBytes(dataOf(host, namespace, read, i), dataOf(host, namespace, written, i), `data of block ${i}`);
        demandBytes(
          metadataOf(host, namespace, read, i),
          metadataOf(host, namespace, written, i),
          `metadata of block ${i}`,
        );
      }
    }),
    needs(pick),
  );

  list.accepts(
    '[NVM] 2.1.6',
    `one block of ${name} is read out of those written`,
    on(pick, async (host, namespace) => {
      const written = wideBuffers(host, namespace, 12);
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, written));
      const read = wideBuffers(host, namespace, 98);
      const { blockBytes, metadataBytes, isExtended } = namespace;
      const place = host.memory.prps(read.address, blockBytes + (isExtended ? metadataBytes : 0));
      demandSuccess(await wideCommand(host, namespace, NVM_READ, read, { ...place, cdw10: LBA + 2, cdw12: 0 }));
      demandBytes(dataOf(host, namespace, read, 0), dataOf(host, namespace, written, 2), 'data');
      demandBytes(metadataOf(host, namespace, read, 0), metadataOf(host, namespace, written, 2), 'metadata');
    }),
    needs(pick),
  );

  list.accepts(
    '[NVM] 3.3.8',
    `Write Zeroes of ${name} zeroes the metadata`,
    on(pick, async (host, namespace) => {
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, wideBuffers(host, namespace, 13)));
      const range = { prp1: 0, prp2: 0, mptr: 0 };
      const read = wideBuffers(host, namespace, 97);
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE_ZEROES, read, range));
      demandSuccess(await wideCommand(host, namespace, NVM_READ, read));
      for (let i = 0; i < BLOCKS; i++) {
        demandFilled(dataOf(host, namespace, read, i), 0, `data of block ${i}`);
        demandFilled(metadataOf(host, namespace, read, i), 0, `metadata of block ${i}`);
      }
    }),
    needs(pick, NVM_WRITE_ZEROES),
  );

  list.refuses(
    '[NVM] 3.3.1',
    `Compare finds a difference in the data of ${name}`,
    on(pick, async (host, namespace) => {
      const written = wideBuffers(host, namespace, 14);
      demandSuccess(await wideCommand(host, namespace, NVM_WRITE, written));
      demandSuccess(await wideCommand(host, namespace, NVM_COMPARE, written));
      dataOf(host, namespace, written, BLOCKS - 1)[5] ^= 1;
      demandStatus(await wideCommand(host, namespace, NVM_COMPARE, written), [STATUS_COMPARE_FAILURE]);
    }),
    needs(pick, NVM_COMPARE),
  );

  list.refuses(
    '[NVM] 2.1',
    `a range of ${name} past the end is refused`,
    on(pick, async (host, namespace) => {
      const buffers = wideBuffers(host, namespace, 15);
      for (const opcode of [NVM_READ, NVM_WRITE]) {
        const cdw10 = namespace.blocks - BLOCKS + 1;
        const completion = await wideCommand(host, namespace, opcode, buffers, { cdw10, cdw14: cdw10 });
        demandStatus(completion, [STATUS_LBA_OUT_OF_RANGE]);
      }
    }),
    needs(pick),
  );

  list.refuses(
    '[Base] 4.1.1',
    `data of ${name} in memory that is not there is a data transfer error`,
    on(pick, async (host, namespace) => {
      const buffers = wideBuffers(host, namespace, 16);
      const nowhere = { prp1: host.unmappedIova };
      demandStatus(await wideCommand(host, namespace, NVM_READ, buffers, nowhere), UNDELIVERED);
      demandStatus(await wideCommand(host, namespace, NVM_WRITE, buffers, nowhere), [STATUS_DATA_TRANSFER_ERROR]);
    }),
    { ...needs(pick), needsUnmapped: true },
  );
}

list.accepts(
  '[NVM] 2.1.6',
  'metadata is delivered where it was asked for and nowhere else',
  on(separate, async (host, namespace) => {
    const buffers = wideBuffers(host, namespace, 17);
    demandSuccess(await wideCommand(host, namespace, NVM_WRITE, buffers));
    const page = host.memory.bytes(buffers.metadata, 4096).fill(0xa5);
    const mptr = host.memory.iova(buffers.metadata) + 64;
    demandSuccess(await wideCommand(host, namespace, NVM_READ, buffers, { mptr }));
    demandFilled(page.subarray(0, 64), 0xa5, 'memory before the metadata');
    demandFilled(page.subarray(64 + BLOCKS * namespace.metadataBytes), 0xa5, 'memory behind the metadata');
  }),
  needs(separate),
);

list.refuses(
  '[Base] 4.1.1',
  'metadata in memory that is not there is a data transfer error',
  on(separate, async (host, namespace) => {
    const buffers = wideBuffers(host, namespace, 18);
    const nowhere = { mptr: host.unmappedIova };
    demandStatus(await wideCommand(host, namespace, NVM_READ, buffers, nowhere), UNDELIVERED);
    demandStatus(await wideCommand(host, namespace, NVM_WRITE, buffers, nowhere), [STATUS_DATA_TRANSFER_ERROR]);
  }),
  { ...needs(separate), needsUnmapped: true },
);

list.refuses(
  '[Base] 4.1.1',
  'a metadata pointer that is not dword aligned is refused, or its low bits are ignored',
  on(separate, async (host, namespace) => {
    const buffers = wideBuffers(host, namespace, 19);
    for (const low of [1, 2, 3]) {
      const mptr = host.memory.iova(buffers.metadata) + low;
      const completion = await wideCommand(host, namespace, NVM_READ, buffers, { mptr });
      demandStatus(completion, [0, STATUS_INVALID_FIELD]);
    }
  }),
  needs(separate),
);

list.refuses(
  '[Base] 4.1.1',
  'metadata that ends past the highest address is survived',
  on(separate, async (host, namespace) => {
    const buffers = wideBuffers(host, namespace, 20);
    const mptr = 2 ** 53 - 2 ** 12;
    const completion = await wideCommand(host, namespace, NVM_READ, buffers, { mptr });
    demandStatus(completion, [...UNDELIVERED, STATUS_INVALID_FIELD]);
    demandSuccess(await wideCommand(host, namespace, NVM_READ, buffers));
  }),
  { ...needs(separate), needsUnmapped: true },
);

list.refuses(
  '[NVM] 4.1.3.6',
  'a format that the host has not said to know is refused',
  async (host) => {
    const namespace = extendedFormat(host.facts)!;
    const buffers = wideBuffers(host, namespace, 21);
    for (const opcode of [NVM_READ, NVM_WRITE]) {
      const { code } = await wideCommand(host, namespace, opcode, buffers);
      demandEqual(code, STATUS_INVALID_NAMESPACE, 'status before LBAFEE is set');
    }
    await knowFormat(host, namespace);
    demandSuccess(await wideCommand(host, namespace, NVM_READ, buffers));
  },
  needs(extendedFormat),
);

/** Blocks with metadata: separate, and behind the data of each block. */
export const METADATA_CASES: readonly ConformanceCase[] = list.cases;
