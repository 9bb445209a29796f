import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_DOORBELL_BUFFER_CONFIG,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE,
  ASYNC_EVENT_RESULT,
  FEATURE_ARBITRATION,
  FEATURE_NUMBER_OF_QUEUES,
  IDCTRL_OACS,
  LOG_COMMAND_EFFECTS,
  NVM_FLUSH,
  OACS_DOORBELL_BUFFER,
  REG_CC,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES, ShadowDoorbells } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import {
  NOWHERE,
  type RawCompletion,
  RawHost,
  type RawHostOptions,
  type RawSubmissionQueue,
} from '../test-support/raw-host.js';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };
const NEVER = 0xffff;

/** A page of the host's that the controller and the host use together. */
interface SharedPage {
  readonly iova: number;
  readonly words: Int32Array;
}

function sharedPage(host: RawHost, fill = 0): SharedPage {
  const address = host.page();
  const words = host.dma.words(address, PAGE_BYTES / 4).fill(fill);
  return { iova: host.iova(address), words: new Int32Array(words.buffer, words.byteOffset, words.length) };
}

/** A host with shadow doorbells, after Doorbell Buffer Config. What it rings itself is a test's own business. */
class ShadowHost extends RawHost {
  shadow: SharedPage;
  eventIdx: SharedPage;

  constructor(options: RawHostOptions = {}) {
    super({ shadowDoorbells: 'polling', ...options });
    this.shadow = sharedPage(this, 0);
    this.eventIdx = sharedPage(this, 0);
  }

  configure(): RawCompletion {
    return this.run({
      opcode: ADMIN_DOORBELL_BUFFER_CONFIG,
      prp1: this.shadow.iova,
      prp2: this.eventIdx.iova,
    });
  }

  /** Word of a doorbell in both pages. */
  at(qid: number, isCompletion = false): number {
    return (qid * 2 + (isCompletion ? 1 : 0)) << this.memory.dstrd;
  }

  /** The host's side: rings shadows, and registers where EventIdx asks for it. */
  doorbells(): ShadowDoorbells {
    return new ShadowDoorbells({
      inner: this.function.doorbells,
      shadow: this.shadow.words,
      eventIdx: this.eventIdx.words,
      dstrd: this.memory.dstrd,
      counters: this.function.counters,
      memoryOrder: 'weak',
    });
  }
}

/** Tells the controller of `count` new commands in the shadow alone. */
function pushShadow(host: ShadowHost, queue: RawSubmissionQueue, count: number): void {
  for (let i = 0; i < count; i++) queue.push({ ...FLUSH, cid: queue.tail });
  Atomics.store(host.shadow.words, host.at(queue.id), queue.tail);
}

describe('Doorbell Buffer Config', () => {
  const cases: readonly (readonly [string, (host: ShadowHost) => { prp1?: number; prp2?: number }])[] = [
    ['PRP1 0', () => ({ prp1: 0 })],
    ['PRP2 0', () => ({ prp2: 0 })],
    ['PRP1 in the middle of a page', (host) => ({ prp1: host.shadow.iova + 2048 })],
    ['PRP2 in the middle of a page', (host) => ({ prp2: host.eventIdx.iova + 64 })],
    ['PRP1 not dword aligned', (host) => ({ prp1: host.shadow.iova + 1 })],
    ['PRP2 not dword aligned', (host) => ({ prp2: host.eventIdx.iova + 2 })],
    ['one page for both', (host) => ({ prp2: host.shadow.iova })],
    ['PRP1 not mapped', () => ({ prp1: NOWHERE })],
    ['PRP2 not mapped', () => ({ prp2: NOWHERE })],
    ['PRP1 past 2^53', () => ({ prp1: 2 ** 60 })],
  ];

  it.each(cases)('with %s is refused, and the registers go on working', (_, change) => {
    const host = new ShadowHost().enable();
    const queue = host.createPair(1);
    const command = { opcode: ADMIN_DOORBELL_BUFFER_CONFIG, prp1: host.shadow.iova, prp2: host.eventIdx.iova };
    expect(host.run({ ...command, ...change(host) })).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    expect(queue.execute(FLUSH).code).toBe(0);
    expect(host.shadow.words.every((word) => word === 0)).toBe(true);
  });

  it('is refused while more queues are granted than a page has doorbells for', () => {
    const host = new ShadowHost({ linkQueues: 65, memory: { dstrd: 4 } }).enable();
    expect(host.configure()).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0x001e_001e });
    expect(host.configure().code).toBe(0);
  });

  it('keeps the number of queues down that are granted afterwards', () => {
    const host = new ShadowHost({ linkQueues: 65, memory: { dstrd: 4 } }).enable();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0 });
    expect(host.configure().code).toBe(0);
    const set = { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0x003f_003f };
    expect(host.run(set)).toMatchObject({ code: 0, result: 0x001e_001e });
    expect(host.createPair(31).id).toBe(31);
  });

  it('is neither offered nor known when shadow doorbells are off', () => {
    const host = new RawHost().enable();
    const page = host.page();
    host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(page), cdw10: 1 });
    expect(host.dma.bytes(page, 4096)[IDCTRL_OACS + 1] & (OACS_DOORBELL_BUFFER >>> 8)).toBe(0);
    expect(host.run({ opcode: ADMIN_DOORBELL_BUFFER_CONFIG, prp1: 4096, prp2: 8192 }).code).toBe(STATUS_INVALID_OPCODE);
    host.run({ opcode: ADMIN_GET_LOG_PAGE, prp1: host.iova(page), cdw10: LOG_COMMAND_EFFECTS | (1023 << 16) });
    expect(host.dma.words(page, 256)[ADMIN_DOORBELL_BUFFER_CONFIG]).toBe(0);
  });

  it.each(['polling', 'sleeping'] as const)('is offered when they are on (%s)', (shadowDoorbells) => {
    const host = new ShadowHost({ shadowDoorbells }).enable();
    const page = host.page();
    host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(page), cdw10: 1 });
    expect(host.dma.bytes(page, 4096)[IDCTRL_OACS + 1] & (OACS_DOORBELL_BUFFER >>> 8)).not.toBe(0);
    host.run({ opcode: ADMIN_GET_LOG_PAGE, prp1: host.iova(page), cdw10: LOG_COMMAND_EFFECTS | (1023 << 16) });
    expect(host.dma.words(page, 256)[ADMIN_DOORBELL_BUFFER_CONFIG]).not.toBe(0);
  });

  it('puts the positions of the queues that exist into the shadow', () => {
    const host = new ShadowHost().enable();
    const queue = host.createPair(1, 16, 8);
    const other = host.createPair(2);
    for (let cid = 0; cid < 11; cid++) queue.execute({ ...FLUSH, cid });
    other.execute(FLUSH);
    host.shadow.words.fill(0x7777);
    expect(host.configure().code).toBe(0);
    const { words } = host.shadow;
    // The completion heads are those that the controller has taken note of: it reads them when it runs out of slots.
    expect([words[host.at(1)], words[host.at(2)]]).toEqual([11, 1]);
    expect([words[host.at(1, true)], words[host.at(2, true)]]).toEqual([3, 1]);
    expect([words[host.at(0)], words[host.at(3)]]).toEqual([host.admin.tail, 0x7777]);
    pushShadow(host, queue, 3);
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([11, 12, 13]);
  });

  it('again moves everything to the new pages, and the old ones are left alone', () => {
    const host = new ShadowHost({ shadowDoorbells: 'sleeping' }).enable();
    const queue = host.createPair(1, 16);
    host.configure();
    pushShadow(host, queue, 5);
    host.function.doorbells.ringSq(1, queue.tail);
    host.settle();
    const old = [host.shadow, host.eventIdx];
    const before = old.map(({ words }) => words.slice());
    host.shadow = sharedPage(host);
    host.eventIdx = sharedPage(host);
    expect(host.configure().code).toBe(0);
    expect(host.shadow.words[host.at(1)]).toBe(5);
    // The admin queue's copy in the old page moved with the command itself.
    before[0][host.at(0)] = old[0].words[host.at(0)]!;
    before[0][host.at(0, true)] = old[0].words[host.at(0, true)]!;
    pushShadow(host, queue, 2);
    host.function.doorbells.ringSq(1, queue.tail);
    host.settle();
    expect(queue.completions.drain()).toHaveLength(7);
    expect(old.map(({ words }) => words.slice())).toEqual(before);
  });

  it('is forgotten by a controller reset: registers count again, and the pages are not touched', () => {
    const host = new ShadowHost({ shadowDoorbells: 'sleeping' }).enable();
    host.createPair(1);
    host.configure();
    host.settle();
    host.write32(REG_CC, 0);
    host.shadow.words.fill(3);
    host.eventIdx.words.fill(4);
    host.enable();
    const queue = host.createPair(1);
    for (let cid = 0; cid < 4; cid++) expect(queue.execute({ ...FLUSH, cid }).cid).toBe(cid);
    expect(host.shadow.words.every((word) => word === 3)).toBe(true);
    expect(host.eventIdx.words.every((word) => word === 4)).toBe(true);
  });
});

describe('a queue that is created when there are shadow doorbells', () => {
  it.each([
    ['polling', NEVER],
    ['sleeping', 0],
  ] as const)('starts from zero, whatever was in its slots (%s)', (shadowDoorbells, eventIdx) => {
    const host = new ShadowHost({ shadowDoorbells }).enable();
    host.configure();
    for (let round = 0; round < 3; round++) {
      for (const words of [host.shadow.words, host.eventIdx.words]) words.fill(0x55, host.at(1), host.at(2));
      const queue = host.createPair(1, 8);
      expect([host.shadow.words[host.at(1)], host.shadow.words[host.at(1, true)]]).toEqual([0, 0]);
      expect(host.eventIdx.words[host.at(1)]).toBe(eventIdx);
      expect(host.eventIdx.words[host.at(1, true)]).toBe(NEVER);
      pushShadow(host, queue, 5);
      host.function.doorbells.ringSq(1, queue.tail);
      host.settle();
      expect(queue.completions.drain()).toHaveLength(5);
      expect(host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }).code).toBe(0);
      expect(host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }).code).toBe(0);
    }
    expect(host.controller.doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  });
});

describe('the admin queue', () => {
  it('of a host that leaves it out of the shadow goes by its registers, which are copied', () => {
    const host = new ShadowHost().enable(4);
    host.configure();
    for (let i = 0; i < 10; i++) {
      expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
      host.settle();
      expect(host.shadow.words[host.at(0)]).toBe(host.admin.tail);
      expect(host.shadow.words[host.at(0, true)]).toBe(host.admin.completions.head);
    }
  });

  it('of a host that shadows it goes by the shadow, with and without register writes', () => {
    const host = new ShadowHost().enable(4);
    host.configure();
    const { words } = host.shadow;
    for (let i = 0; i < 13; i++) {
      host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: i });
      Atomics.store(words, host.at(0), host.admin.tail);
      if (i % 5 === 0) host.function.doorbells.ringSq(0, host.admin.tail);
      host.settle();
      const completion = host.admin.completions.poll();
      expect(completion).toMatchObject({ cid: i, code: 0 });
      Atomics.store(words, host.at(0, true), host.admin.completions.head);
    }
    // And again with other pages.
    host.shadow = sharedPage(host);
    host.eventIdx = sharedPage(host);
    host.admin.push({
      opcode: ADMIN_DOORBELL_BUFFER_CONFIG,
      prp1: host.shadow.iova,
      prp2: host.eventIdx.iova,
      cid: 99,
    });
    Atomics.store(words, host.at(0), host.admin.tail);
    host.settle();
    expect(host.admin.completions.poll()).toMatchObject({ cid: 99, code: 0 });
    expect(host.shadow.words[host.at(0)]).toBe(host.admin.tail);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 100 });
    Atomics.store(host.shadow.words, host.at(0, true), host.admin.completions.head);
    Atomics.store(host.shadow.words, host.at(0), host.admin.tail);
    host.settle();
    expect(host.admin.completions.poll()).toMatchObject({ cid: 100, code: 0 });
  });

  it('survives a register value that it cannot have', () => {
    const host = new ShadowHost().enable(16);
    host.configure();
    host.function.doorbells.ringSq(0, 99);
    host.settle();
    expect(host.controller.doorbellFaults.invalidValues).toBe(1);
    for (let i = 0; i < 40; i++)
      expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
    expect(host.shadow.words[host.at(0)]).toBe(host.admin.tail);
  });
});

describe('a shadow value that no host should write', () => {
  function listening(shadowDoorbells: 'polling' | 'sleeping'): ShadowHost {
    const host = new ShadowHost({ shadowDoorbells }).enable();
    host.configure();
    host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 500 });
    host.admin.ring();
    host.settle();
    return host;
  }

  it.each([
    ['polling', 16],
    ['polling', 0xffff],
    ['sleeping', 16],
    ['sleeping', 17],
  ] as const)('a tail is reported once and not followed, and the next good one works (%s, %i)', (policy, tail) => {
    const host = listening(policy);
    const queue = host.createPair(1, 16);
    queue.push({ ...FLUSH, cid: 9 });
    Atomics.store(host.shadow.words, host.at(1), tail);
    host.function.doorbells.ringSq(1, tail);
    for (let i = 0; i < 5; i++) host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    const event = host.admin.completions.drain();
    expect(event.map(({ result }) => ASYNC_EVENT_RESULT.AEI.get(result))).toEqual([
      ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE,
    ]);
    expect(host.controller.doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 1 });
    Atomics.store(host.shadow.words, host.at(1), queue.tail);
    host.function.doorbells.ringSq(1, queue.tail);
    host.settle();
    expect(queue.completions.poll()?.cid).toBe(9);
  });

  it.each(['polling', 'sleeping'] as const)('a head past the tail frees nothing (%s)', (policy) => {
    const host = listening(policy);
    const queue = host.createPair(1, 64, 8);
    pushShadow(host, queue, 20);
    host.function.doorbells.ringSq(1, queue.tail);
    host.settle();
    for (const head of [8, 0xffff]) {
      Atomics.store(host.shadow.words, host.at(1, true), head);
      host.function.doorbells.ringCq(1, head);
      host.settle();
    }
    expect(host.controller.doorbellFaults.invalidValues).toBe(2);
    expect(host.controller.doorbellFaults.strayWrites).toBe(0);
    expect([...Array(7).keys()].map(() => queue.completions.poll()!.cid)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(queue.completions.poll()).toBeUndefined();
    Atomics.store(host.shadow.words, host.at(1, true), 7);
    host.function.doorbells.ringCq(1, 7);
    host.settle();
    expect(queue.completions.drain()).toHaveLength(7);
  });

  it('bits 31:16 do not count', () => {
    const host = listening('polling');
    const queue = host.createPair(1, 16);
    queue.push({ ...FLUSH, cid: 9 });
    Atomics.store(host.shadow.words, host.at(1), 0x4321_0001);
    host.settle();
    expect(queue.completions.poll()?.cid).toBe(9);
    expect(host.controller.doorbellFaults.invalidValues).toBe(0);
  });
});

describe('a controller that polls', () => {
  it('needs one register write for each lap of a ring', () => {
    const host = new ShadowHost({ mqesEntries: 64 }).enable();
    host.configure();
    const doorbells = host.doorbells();
    const queue = host.createPair(1, 32, 32);
    doorbells.start(1, 0, 0);
    const before = { ...host.function.counters };
    const laps = 20;
    for (let i = 0; i < laps * 32; i++) {
      queue.push({ ...FLUSH, cid: i });
      doorbells.ringSq(1, queue.tail);
      host.settle();
      expect(queue.completions.poll()?.cid).toBe(i);
      doorbells.ringCq(1, queue.completions.head);
    }
    const { counters } = host.function;
    expect(counters.sqShadowWrites - before.sqShadowWrites).toBe(laps * 32);
    expect(counters.cqShadowWrites - before.cqShadowWrites).toBe(laps * 32);
    expect(counters.sqDoorbellWrites - before.sqDoorbellWrites).toBe(laps);
    expect(counters.cqDoorbellWrites - before.cqDoorbellWrites).toBe(laps);
    expect(host.controller.doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  });
});

describe('a controller that sleeps', () => {
  it('does not look at the shadow before the register is written, even with the same value as before', () => {
    const host = new ShadowHost({ shadowDoorbells: 'sleeping' }).enable();
    host.configure();
    const queue = host.createPair(1, 4, 4);
    for (let lap = 0; lap < 6; lap++) {
      host.settle();
      expect(host.eventIdx.words[host.at(1)]).toBe(queue.tail);
      // Three steps round a ring of four, so the registers see each value again and again.
      pushShadow(host, queue, 3);
      host.settle();
      expect(queue.completions.poll()).toBeUndefined();
      host.function.doorbells.ringSq(1, lap % 2 === 0 ? queue.tail : 0);
      host.settle();
      expect([1, 2, 3].map(() => queue.completions.poll()?.cid)).not.toContain(undefined);
      Atomics.store(host.shadow.words, host.at(1, true), queue.completions.head);
      host.function.doorbells.ringCq(1, queue.completions.head);
    }
  });

  it('stays awake as long as it finds something', () => {
    const host = new ShadowHost({ shadowDoorbells: 'sleeping' }).enable();
    host.configure();
    const doorbells = host.doorbells();
    const queue = host.createPair(1, 64, 64);
    doorbells.start(1, 0, 0);
    host.settle();
    const before = host.function.counters.sqDoorbellWrites;
    queue.push(FLUSH);
    doorbells.ringSq(1, queue.tail);
    for (let i = 0; i < 30; i++) {
      queue.push(FLUSH);
      doorbells.ringSq(1, queue.tail);
      host.controller.step();
    }
    expect(host.function.counters.sqDoorbellWrites - before).toBe(1);
  });

  it('whose completion queue is full waits for the register of the head, and for nothing else', () => {
    const host = new ShadowHost({ shadowDoorbells: 'sleeping' }).enable();
    host.configure();
    const queue = host.createPair(1, 64, 4);
    pushShadow(host, queue, 9);
    host.function.doorbells.ringSq(1, queue.tail);
    host.settle();
    expect(host.eventIdx.words[host.at(1, true)]).toBe(0);
    for (let i = 0; i < 3; i++) queue.completions.poll();
    Atomics.store(host.shadow.words, host.at(1, true), 3);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.function.doorbells.ringCq(1, 3);
    host.settle();
    expect([1, 2, 3].map(() => queue.completions.poll()?.cid)).toEqual([3, 4, 5]);
    expect(host.eventIdx.words[host.at(1, true)]).toBe(3);
  });
});
