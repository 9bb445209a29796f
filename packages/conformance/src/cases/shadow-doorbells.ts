import {
  ADMIN_DOORBELL_BUFFER_CONFIG,
  CAP,
  shadowDoorbellOffset,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_PRP_OFFSET,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawSubmissionQueue } from '../raw-queue.js';
import { identify } from './commands.js';
import { UNDELIVERED } from './transfers.js';

const list = new CaseList('shadow-doorbells');
const has = {
  skip: ({ adminOpcodes }: ControllerFacts) =>
    adminOpcodes.has(ADMIN_DOORBELL_BUFFER_CONFIG) ? undefined : 'no Doorbell Buffer Config command',
};

/** Two pages the controller was told of, as words. */
interface Buffers {
  readonly shadow: Uint32Array;
  readonly eventIdx: Uint32Array;
}

async function configure(host: ConformanceHost): Promise<Buffers> {
  const [shadow, eventIdx] = [host.memory.page(), host.memory.page()];
  const command = {
    opcode: ADMIN_DOORBELL_BUFFER_CONFIG,
    prp1: host.memory.iova(shadow),
    prp2: host.memory.iova(eventIdx),
  };
  demandSuccess(await host.run(command));
  return { shadow: host.fn.dma.words(shadow, 1024), eventIdx: host.fn.dma.words(eventIdx, 1024) };
}

function slotOf(host: ConformanceHost, id: number, isCompletion: boolean): number {
  const { low, high } = host.facts.cap;
  return shadowDoorbellOffset(id, isCompletion, CAP.DSTRD.get(low, high)) / 4;
}

/** Rings as a host does that has shadow doorbells: MMIO only when EventIdx was passed. [Base] annex on the Doorbell Buffer Config */
function ring(host: ConformanceHost, buffers: Buffers, queue: RawSubmissionQueue): boolean {
  const slot = slotOf(host, queue.id, false);
  const old = Atomics.load(buffers.shadow, slot) & 0xffff;
  Atomics.store(buffers.shadow, slot, queue.tail);
  const event = Atomics.load(buffers.eventIdx, slot) & 0xffff;
  const needsMmio = ((queue.tail - event - 1) & 0xffff) < ((queue.tail - old) & 0xffff);
  if (needsMmio) queue.ring();
  return needsMmio;
}

list.accepts(
  '[Base] 5.1.5',
  'two pages are accepted, and I/O through the shadow completes',
  async (host) => {
    const buffers = await configure(host);
    const queue = await host.createPair({ id: 1, entries: 8 });
    const slot = slotOf(host, 1, true);
    for (let i = 0; i < 40; i++) {
      queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
      ring(host, buffers, queue);
      demandSuccess(await host.peekNext(queue.completions));
      Atomics.store(buffers.shadow, slot, queue.completions.head);
      queue.completions.ring();
    }
  },
  has,
);

list.accepts(
  '[Base] 5.1.5',
  'queues that exist already go over to the shadow',
  async (host) => {
    const queue = await host.createPair({ id: 1, entries: 8 });
    const { nsid } = host.facts.plain;
    for (let i = 0; i < 5; i++) demandSuccess(await host.execute(queue, { opcode: 0, nsid }));
    const buffers = await configure(host);
    const slots = [slotOf(host, 1, false), slotOf(host, 1, true)] as const;
    Atomics.store(buffers.shadow, slots[0], queue.tail);
    Atomics.store(buffers.shadow, slots[1], queue.completions.head);
    for (let i = 0; i < 12; i++) {
      queue.push({ opcode: 0, nsid });
      ring(host, buffers, queue);
      demandSuccess(await host.peekNext(queue.completions));
      Atomics.store(buffers.shadow, slots[1], queue.completions.head);
      queue.completions.ring();
    }
  },
  has,
);

list.accepts(
  '[Base] 5.1.5',
  'the admin queue goes on with its register alone, as common hosts leave it',
  async (host) => {
    await configure(host);
    for (let i = 0; i < 70; i++) demandSuccess(await identify(host, { cns: 1 }));
  },
  has,
);

list.accepts(
  '[Base] 5.1.5',
  'the buffers may be replaced by others',
  async (host) => {
    await configure(host);
    const buffers = await configure(host);
    const queue = await host.createPair({ id: 1, entries: 8 });
    queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
    ring(host, buffers, queue);
    demandSuccess(await host.peekNext(queue.completions));
  },
  has,
);

list.accepts(
  '[Base] 5.1.5',
  'a controller reset goes back to the registers',
  async (host) => {
    await configure(host);
    await host.disable();
    await host.enable();
    const queue = await host.createPair({ id: 1, entries: 8 });
    for (let i = 0; i < 10; i++) demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
  },
  has,
);

list.accepts(
  '[Base] 5.1.5',
  'MMIO that was not needed does no harm',
  async (host) => {
    const buffers = await configure(host);
    const queue = await host.createPair({ id: 1, entries: 8 });
    queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
    ring(host, buffers, queue);
    queue.ring();
    queue.ring();
    demandSuccess(await host.peekNext(queue.completions));
    demandEqual(await host.surplus(queue.completions), undefined, 'a completion too many');
  },
  has,
);

const refusals: readonly (readonly [
  string,
  readonly number[],
  (host: ConformanceHost) => { prp1: number; prp2: number },
])[] = [
  [
    'a shadow buffer that is not page aligned is refused',
    [STATUS_INVALID_FIELD, STATUS_INVALID_PRP_OFFSET],
    (host) => ({ prp1: host.memory.iova(host.memory.page()) + 64, prp2: host.memory.iova(host.memory.page()) }),
  ],
  [
    'an EventIdx buffer that is not page aligned is refused',
    [STATUS_INVALID_FIELD, STATUS_INVALID_PRP_OFFSET],
    (host) => ({ prp1: host.memory.iova(host.memory.page()), prp2: host.memory.iova(host.memory.page()) + 8 }),
  ],
];
for (const [name, codes, pointers] of refusals) {
  list.refuses(
    '[Base] 5.1.5',
    name,
    async (host) => {
      demandStatus(await host.run({ opcode: ADMIN_DOORBELL_BUFFER_CONFIG, ...pointers(host) }), codes);
      const queue = await host.createPair({ id: 1, entries: 8 });
      demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
    },
    has,
  );
}

list.refuses(
  '[Base] 5.2.5',
  'the same page for both buffers is refused, or survived until the next reset',
  async (host) => {
    const page = host.memory.iova(host.memory.page());
    const command = { opcode: ADMIN_DOORBELL_BUFFER_CONFIG, prp1: page, prp2: page };
    demandStatus(await host.run(command), [0, STATUS_INVALID_FIELD]);
    await host.disable();
    await host.enable();
    const queue = await host.createPair({ id: 1, entries: 8 });
    demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
  },
  has,
);

for (const which of ['prp1', 'prp2'] as const) {
  list.refuses(
    '[Base] 5.2.5',
    `a buffer where no memory is (${which.toUpperCase()}) is refused, or survived until the next reset`,
    async (host) => {
      const good = { prp1: host.memory.iova(host.memory.page()), prp2: host.memory.iova(host.memory.page()) };
      const command = { opcode: ADMIN_DOORBELL_BUFFER_CONFIG, ...good, [which]: host.unmappedIova };
      demandStatus(await host.run(command), [...UNDELIVERED, STATUS_INVALID_FIELD]);
      await host.disable();
      await host.enable();
    },
    { ...has, needsUnmapped: true },
  );
}

list.refuses(
  '[Base] 5.1.2',
  'a shadow value beyond its queue is not followed',
  async (host) => {
    const buffers = await configure(host);
    const queue = await host.createPair({ id: 1, entries: 8 });
    queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
    Atomics.store(buffers.shadow, slotOf(host, 1, false), 5000);
    queue.ring();
    const surplus = await host.surplus(queue.completions);
    demand(surplus === undefined || surplus.code === 0, 'a command that the host never wrote was executed');
    demandSuccess(await identify(host, { cns: 1 }));
  },
  has,
);

/** Doorbell Buffer Config, and I/O through shadow doorbells. */
export const SHADOW_DOORBELL_CASES: readonly ConformanceCase[] = list.cases;
