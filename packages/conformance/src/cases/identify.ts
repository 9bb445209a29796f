import {
  ADMIN_IDENTIFY,
  CSI_NVM,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  IDCTRL_CNTRLTYPE,
  IDCTRL_CQES,
  IDCTRL_NN,
  IDCTRL_SN,
  IDCTRL_SQES,
  IDCTRL_SUBNQN,
  IDCTRL_VER,
  IDNS_NCAP,
  IDNS_NSZE,
  STATUS_INVALID_COMMAND_SET,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_PRP_OFFSET,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { identify, identifyData } from './commands.js';
import { UNDELIVERED } from './transfers.js';

const NSID_TYPE_EUI64 = 1;
const NSID_TYPE_CSI = 4;

const list = new CaseList('identify');

list.accepts('[Base] 5.1.13.2.1', 'serial and model number are ASCII padded with spaces', async (host) => {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  for (let i = 0; i < 60; i++) {
    const byte = data.getUint8(IDCTRL_SN + i);
    demand(byte >= 0x20 && byte <= 0x7e, `byte ${IDCTRL_SN + i}: expected printable ASCII, got ${byte}`);
  }
});

list.accepts('[Base] 5.1.13.2.1', 'the version is that of the register', async (host) => {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  demandEqual(data.getUint32(IDCTRL_VER, true), host.facts.version, 'VER');
});

list.accepts('[Base] 5.1.13.2.1', 'it is an I/O controller, or of a version that does not say', async (host) => {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  const type = data.getUint8(IDCTRL_CNTRLTYPE);
  demand(type === 1 || (type === 0 && host.facts.version < 0x1_0400), `CNTRLTYPE: expected 1, got ${type}`);
});

list.accepts('[Base] 5.1.13.2.1', 'queue entries of 64 and 16 bytes are among the sizes offered', async (host) => {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  for (const [name, at, log2] of [
    ['SQES', IDCTRL_SQES, 6],
    ['CQES', IDCTRL_CQES, 4],
  ] as const) {
    const sizes = data.getUint8(at);
    demand(
      (sizes & 15) <= log2 && log2 <= sizes >>> 4,
      `${name}: expected ${log2} inside, got 0x${sizes.toString(16)}`,
    );
  }
});

list.accepts(
  '[Base] 5.1.13.2.1',
  'there is an NVM subsystem name that ends with a zero',
  async (host) => {
    const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
    demandEqual(
      String.fromCharCode(...[0, 1, 2, 3].map((i) => data.getUint8(IDCTRL_SUBNQN + i))),
      'nqn.',
      'SUBNQN begins',
    );
    demandEqual(data.getUint8(IDCTRL_SUBNQN + 255), 0, 'last byte of SUBNQN');
  },
  { skip: ({ version }) => (version >= 0x1_0201 ? undefined : 'SUBNQN came with 1.2.1') },
);

list.accepts('[Base] 5.1.13.2.1', 'active namespace identifiers are at most NN', async (host) => {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  const most = data.getUint32(IDCTRL_NN, true);
  for (const { nsid } of host.facts.namespaces) demand(nsid <= most, `nsid ${nsid}: expected at most NN ${most}`);
});

list.accepts('[Base] 5.1.13.2.2', 'the list of active namespaces ascends', async (host) => {
  const nsids = host.facts.namespaces.map((each) => each.nsid);
  demand(
    nsids.every((nsid, i) => i === 0 || nsid > nsids[i - 1]),
    `expected ascending identifiers, got ${nsids.join(' ')}`,
  );
});

list.accepts('[Base] 5.1.13.2.2', 'the list of active namespaces begins after the identifier given', async (host) => {
  const [first, second] = host.facts.namespaces;
  const { completion, data } = await identifyData(host, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, { nsid: first.nsid });
  demandSuccess(completion);
  demandEqual(data.getUint32(0, true), second === undefined ? 0 : second.nsid, 'first identifier of the list');
});

list.accepts('[Base] 5.1.13.2.2', 'the list after the last active namespace is empty', async (host) => {
  const last = host.facts.namespaces.at(-1)!;
  const { completion, data } = await identifyData(host, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, { nsid: last.nsid });
  demandSuccess(completion);
  demandEqual(data.getUint32(0, true), 0, 'first identifier of the list');
});

list.accepts('[NVM] 4.1.5.1', 'capacity is at most size', async (host) => {
  for (const { nsid } of host.facts.namespaces) {
    const { data } = await identifyData(host, IDENTIFY_CNS_NAMESPACE, { nsid });
    const size = data.getBigUint64(IDNS_NSZE, true);
    const capacity = data.getBigUint64(IDNS_NCAP, true);
    demand(capacity <= size && size > 0n, `namespace ${nsid}: expected NCAP up to NSZE ${size}, got ${capacity}`);
  }
});

list.accepts(
  '[Base] 3.2.1.4',
  'an inactive namespace identifier gets a structure of zeros',
  async (host) => {
    const nsids = new Set(host.facts.namespaces.map((each) => each.nsid));
    const inactive = Array.from({ length: host.facts.identify.nn }, (_, i) => i + 1).find((nsid) => !nsids.has(nsid))!;
    const { completion, data } = await identifyData(host, IDENTIFY_CNS_NAMESPACE, { nsid: inactive });
    demandSuccess(completion);
    for (let i = 0; i < 4096; i += 4) demandEqual(data.getUint32(i, true), 0, `bytes ${i} to ${i + 3}`);
  },
  {
    skip: ({ identify: { nn }, namespaces }) =>
      nn <= 4096 && nn > namespaces.length ? undefined : 'no inactive identifier that could be found',
  },
);

list.accepts(
  '[Base] 5.1.13.2.4',
  'every namespace has a descriptor that identifies it',
  async (host) => {
    for (const { nsid } of host.facts.namespaces) {
      const { completion, data } = await identifyData(host, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, { nsid });
      demandSuccess(completion);
      const types: number[] = [];
      for (let at = 0; at < 4092 && data.getUint8(at) !== 0; at += 4 + data.getUint8(at + 1))
        types.push(data.getUint8(at));
      const isNamed = types.some((type) => type >= NSID_TYPE_EUI64 && type < NSID_TYPE_CSI);
      demand(isNamed, `namespace ${nsid}: expected EUI-64, NGUID or UUID, got types ${types.join(' ')}`);
    }
  },
  { skip: ({ version }) => (version >= 0x1_0300 ? undefined : 'descriptors came with 1.3') },
);

list.accepts(
  '[Base] 5.1.13.2.4',
  'lengths of identification descriptors are those of their types',
  async (host) => {
    const { data } = await identifyData(host, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, { nsid: host.facts.plain.nsid });
    const lengths = [0, 8, 16, 16, 1];
    for (let at = 0; at < 4092 && data.getUint8(at) !== 0; at += 4 + data.getUint8(at + 1)) {
      const type = data.getUint8(at);
      demandEqual(data.getUint8(at + 1), lengths[type], `length of descriptor type ${type}`);
    }
  },
  { skip: ({ version }) => (version >= 0x1_0300 ? undefined : 'descriptors came with 1.3') },
);

for (const [name, cns] of [
  ['of the NVM command set for a namespace', IDENTIFY_CNS_COMMAND_SET_NAMESPACE],
  ['of the NVM command set for the controller', IDENTIFY_CNS_COMMAND_SET_CONTROLLER],
  ['of the active namespaces of the NVM command set', IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST],
  ['that no command set owns for a namespace', IDENTIFY_CNS_INDEPENDENT_NAMESPACE],
] as const) {
  const skip = {
    skip: ({ version }: { readonly version: number }) => (version >= 0x2_0000 ? undefined : 'came with 2.0'),
  };
  list.accepts(
    '[Base] 5.1.13',
    `there is a structure ${name}`,
    async (host) => {
      const nsid = cns === IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST ? 0 : host.facts.plain.nsid;
      const withNsid = cns === IDENTIFY_CNS_COMMAND_SET_CONTROLLER ? 0 : nsid;
      demandSuccess(await identify(host, { cns, nsid: withNsid, cdw11: CSI_NVM << 24 }));
    },
    skip,
  );
}

list.accepts('[Base] 4.1.1', 'a structure is delivered into the middle of a page and across its end', async (host) => {
  const whole = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  const address = host.memory.data(8192) + 1024;
  const prps = host.memory.prps(address, 4096);
  demandSuccess(await host.run({ opcode: ADMIN_IDENTIFY, cdw10: IDENTIFY_CNS_CONTROLLER, ...prps }));
  const data = host.memory.view(address, 4096);
  for (let i = 0; i < 4096; i += 4)
    demandEqual(data.getUint32(i, true), whole.data.getUint32(i, true), `bytes ${i} to ${i + 3}`);
});

list.accepts('[Base] 4.1.1', 'a structure is written where it was asked for and nowhere else', async (host) => {
  const address = host.memory.data(3 * 4096);
  host.memory.bytes(address, 3 * 4096).fill(0xa5);
  demandSuccess(await identify(host, { cns: IDENTIFY_CNS_CONTROLLER, prp1: host.memory.iova(address + 4096) }));
  for (const page of [address, address + 2 * 4096]) {
    demand(
      host.memory.bytes(page, 4096).every((byte) => byte === 0xa5),
      'a page beside the buffer was written',
    );
  }
});

for (const cns of [0x21, 0x7f, 0xff]) {
  list.refuses('[Base] 5.1.13', `CNS ${cns.toString(16)}h, which is reserved, is an invalid field`, async (host) => {
    demandStatus(await identify(host, { cns }), [STATUS_INVALID_FIELD]);
  });
}

for (const [name, cns] of [
  ['Identify Namespace', IDENTIFY_CNS_NAMESPACE],
  ['the descriptor list', IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST],
] as const) {
  list.refuses('[Base] 5.1.13', `${name} of namespace 0 is refused`, async (host) => {
    demandStatus(await identify(host, { cns, nsid: 0 }), [STATUS_INVALID_NAMESPACE]);
  });
  list.refuses('[Base] 5.1.13', `${name} of a namespace beyond NN is refused`, async (host) => {
    demandStatus(await identify(host, { cns, nsid: host.facts.identify.nn + 1 }), [STATUS_INVALID_NAMESPACE]);
  });
}

for (const nsid of [0xffff_fffe, 0xffff_ffff]) {
  list.refuses(
    '[Base] 5.1.13.2.2',
    `a list of active namespaces after ${nsid.toString(16).toUpperCase()}h is refused`,
    async (host) => {
      demandStatus(await identify(host, { cns: IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, nsid }), [STATUS_INVALID_NAMESPACE]);
    },
  );
}

list.refuses(
  '[Base] 5.1.13',
  'a command set that does not exist is refused',
  async (host) => {
    const completion = await identify(host, { cns: IDENTIFY_CNS_COMMAND_SET_CONTROLLER, cdw11: 0x3f << 24 });
    demandStatus(completion, [STATUS_INVALID_COMMAND_SET, STATUS_INVALID_FIELD]);
  },
  { skip: ({ version }) => (version >= 0x2_0000 ? undefined : 'came with 2.0') },
);

list.refuses(
  '[Base] 4.1.1',
  'a buffer where no memory is is survived',
  async (host) => {
    demandStatus(await identify(host, { cns: IDENTIFY_CNS_CONTROLLER, prp1: host.unmappedIova }), UNDELIVERED);
    demandSuccess(await identify(host, { cns: IDENTIFY_CNS_CONTROLLER }));
  },
  { needsUnmapped: true },
);

list.refuses('[Base] 4.1.1', 'a second PRP that is not page aligned is refused', async (host) => {
  const prp1 = host.memory.iova(host.memory.page() + 512);
  const prp2 = host.memory.iova(host.memory.page()) + 8;
  demandStatus(await identify(host, { cns: IDENTIFY_CNS_CONTROLLER, prp1, prp2 }), [
    STATUS_INVALID_PRP_OFFSET,
    STATUS_INVALID_FIELD,
  ]);
});

/** Identify, by CNS. */
export const IDENTIFY_CASES: readonly ConformanceCase[] = list.cases;
