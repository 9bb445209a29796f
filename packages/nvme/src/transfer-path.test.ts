import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut } from '../test-support/carry-out.js';
import { type BusRange, busRanges, iovaOf, joined, PointerWalk } from '../test-support/pointer-walk.js';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { Namespace } from './namespace.js';
import { BIT_BUCKET, IoVector, type ScatterList } from './scatter-list.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const READ = 2;
const WRITE = 1;
const COMPARE = 5;
const SGLS_ANY = 1;
const SGLS_DWORDS = 2;
const SGLS_BUCKETS = 1 << 16;
const SGLS_METADATA = 1 << 19;
const PRACT = 1 << 29;
/** 512 KiB transfers make lists of 1 KiB. */
const DESCRIPTORS_MAX = 64;

interface Element {
  readonly address: number;
  readonly bytes: number;
}

interface Piece {
  readonly lba: number;
  readonly blocks: number;
}

type Cut = Piece[] | 'refused';

// ---- the oracle: the rules as they are written down, on plain arrays

/** The elements of `bytes` bytes from `offset` on. */
function slice(elements: readonly Element[], offset: number, bytes: number): Element[] {
  const result: Element[] = [];
  let skip = offset;
  let left = bytes;
  for (const element of elements) {
    if (left === 0) break;
    const taken = Math.min(Math.max(element.bytes - skip, 0), left);
    if (taken > 0) {
      const address = element.address === BIT_BUCKET ? BIT_BUCKET : element.address + skip;
      result.push({ address, bytes: taken });
    }
    skip = Math.max(skip - element.bytes, 0);
    left -= taken;
  }
  return result;
}

function cutAtBoundary({ lba, blocks }: Piece, boundary: number): Piece[] {
  if (boundary === 0) return [{ lba, blocks }];
  const first = Math.min(blocks, boundary - (lba % boundary));
  if (first === blocks) return [{ lba, blocks }];
  return [{ lba, blocks: first }, ...cutAtBoundary({ lba: lba + first, blocks: blocks - first }, boundary)];
}

function cutAtMost({ lba, blocks }: Piece, most: number): Piece[] {
  if (blocks <= most) return [{ lba, blocks }];
  return [{ lba, blocks: most }, ...cutAtMost({ lba: lba + most, blocks: blocks - most }, most)];
}

/** Byte lengths of pieces of PRPs: closed where an element does not end, or the next one does not begin, at a page. */
function cutPrp(elements: readonly Element[]): number[] {
  const pieces: number[] = [];
  let current = 0;
  elements.forEach(({ address, bytes }, i) => {
    if (current !== 0 && address % 4096 !== 0) {
      pieces.push(current);
      current = 0;
    }
    current += bytes;
    const next = elements[i + 1];
    if (next === undefined || (address + bytes) % 4096 !== 0 || next.address % 4096 !== 0) {
      pieces.push(current);
      current = 0;
    }
  });
  return pieces;
}

/** Byte length of the next piece of SGLs: as many descriptors as there may be, then back to the last whole block. */
function firstOfSgl(device: ScriptedDevice, elements: readonly Element[], merge: boolean, block: number): number {
  let descriptors = 0;
  let end = -1;
  let bytes = 0;
  for (const element of elements) {
    if (!merge) end = -1;
    const isBucket = element.address === BIT_BUCKET;
    const runs = isBucket
      ? [{ iova: -2, bytes: element.bytes }]
      : busRanges(device.dma, element.address, element.bytes);
    for (const run of runs) {
      if (run.iova !== end && ++descriptors > DESCRIPTORS_MAX) return bytes - (bytes % block);
      bytes += run.bytes;
      end = isBucket ? -1 : run.iova + run.bytes;
    }
  }
  return bytes;
}

function cut(
  device: ScriptedDevice,
  namespace: Namespace,
  whole: Piece,
  payload: readonly Element[],
  sgl?: boolean,
): Cut {
  const { wireBlockBytes: block, boundaryBlocks, transferBlocksMax } = namespace;
  const pieces: Piece[] = [];
  for (const between of cutAtBoundary(whole, boundaryBlocks)) {
    for (const fitting of cutAtMost(between, transferBlocksMax)) {
      let { lba, blocks } = fitting;
      while (blocks > 0) {
        const part = slice(payload, (lba - whole.lba) * block, blocks * block);
        const bytes = sgl === undefined ? cutPrp(part)[0] : firstOfSgl(device, part, sgl, block);
        if (bytes === 0 || bytes % block !== 0) return 'refused';
        pieces.push({ lba, blocks: bytes / block });
        lba += bytes / block;
        blocks -= bytes / block;
      }
    }
  }
  return pieces;
}

// ---- the driver

function vectorOf(elements: readonly Element[]): IoVector {
  const vector = new IoVector(Math.max(1, elements.length));
  for (const { address, bytes } of elements) vector.add(address, bytes);
  return vector;
}

/** The same list as callbacks. */
class CalledBack implements ScatterList {
  address = 0;
  bytes = 0;
  private rest: Element[] = [];

  constructor(private readonly elements: readonly Element[]) {}

  reset(offsetBytes: number): void {
    this.rest = slice(this.elements, offsetBytes, Number.MAX_SAFE_INTEGER);
  }

  next(): boolean {
    const element = this.rest.shift();
    if (element === undefined) return false;
    this.address = element.address;
    this.bytes = element.bytes;
    return true;
  }
}

function busOf(device: ScriptedDevice, elements: readonly Element[]): BusRange[] {
  return joined(
    elements.flatMap(({ address, bytes }) =>
      address === BIT_BUCKET ? [{ iova: -1, bytes }] : busRanges(device.dma, address, bytes),
    ),
  );
}

/** Submits, compares with the oracle's pieces, and says what the answer was. */
function check(
  device: ScriptedDevice,
  namespace: Namespace,
  whole: Piece,
  payload: readonly Element[],
  list: ScatterList,
  sgl?: boolean,
): number {
  const transfer = new Transfer();
  transfer.set(0, whole.lba, whole.blocks, 0);
  transfer.scatter = list;
  const statuses: number[] = [];
  const expected = cut(device, namespace, whole, payload, sgl);
  const answer = device.pair.submitTransfer(READ, namespace, transfer, (_, status) => void statuses.push(status), 0);
  const pieces = carryOut(device, namespace, (blocks) => blocks * namespace.wireBlockBytes);
  expect(device.pair.outstanding).toBe(0);
  if (expected === 'refused') {
    expect(answer).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toMatch(/expected .*, got /);
    expect(pieces).toEqual([]);
    return answer;
  }
  expect(answer).toBe(SUBMIT_ACCEPTED);
  expect(pieces.map(({ lba, blocks }) => ({ lba, blocks }))).toEqual(expected);
  expect(statuses).toEqual([0]);
  for (const { lba, blocks, data, descriptors } of pieces) {
    const part = slice(payload, (lba - whole.lba) * namespace.wireBlockBytes, blocks * namespace.wireBlockBytes);
    expect(data).toEqual(busOf(device, part));
    expect(descriptors).toBeLessThanOrEqual(DESCRIPTORS_MAX);
  }
  return answer;
}

// ---- what is tried

/** Elements at random places of 2 MiB: pages that meet, blocks, dwords or anything, so that all rules get their share. */
const shape = fc.constantFrom('pages', 'pages', 'blocks', 'dwords', 'bytes', 'many');

const plan = fc.record({
  kind: shape,
  blockBytes: fc.constantFrom(512, 512, 4096),
  extraBytes: fc.constantFrom(0, 0, 8, 64),
  transferBlocksMax: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(100)),
  boundaryBlocks: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 }), fc.constantFrom(8, 64)),
  lba: fc.nat(1000),
  blocks: fc.integer({ min: 1, max: 80 }),
  numbers: fc.infiniteStream(fc.nat(0xffff)),
  scatterSeed: fc.option(fc.nat(100), { nil: undefined }),
  isCalledBack: fc.boolean(),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function elementsOf({ kind, blockBytes, extraBytes, blocks, numbers }: Plan, base: number): Element[] {
  const next = (max: number): number => (numbers.next().value as number) % max;
  const block = blockBytes + extraBytes;
  const elements: Element[] = [];
  let left = blocks * block;
  // Sometimes more than is needed, which nobody is to look at.
  if (next(4) === 0) left += 4096;
  let isFirst = true;
  while (left > 0) {
    const page = base + next(512) * 4096;
    if (kind === 'pages') {
      const offset = isFirst ? next(8) * 512 : 0;
      const bytes = (1 + next(3)) * 4096 - offset;
      elements.push({ address: page + offset, bytes: Math.min(bytes, left) });
    } else if (kind === 'blocks') {
      elements.push({ address: page + next(1024) * 4, bytes: Math.min((1 + next(4)) * block, left) });
    } else if (kind === 'dwords') {
      elements.push({ address: page + next(1024) * 4, bytes: Math.min((1 + next(600)) * 4, left) });
    } else if (kind === 'bytes') {
      elements.push({ address: page + next(4096), bytes: Math.min(1 + next(3000), left) });
    } else {
      elements.push({ address: page + next(8) * 512, bytes: Math.min(64 * (1 + next(3)), left) });
    }
    isFirst = false;
    left -= elements[elements.length - 1].bytes;
  }
  return elements;
}

function namespaceOf({ blockBytes, extraBytes, transferBlocksMax, boundaryBlocks }: Plan): Namespace {
  const metadata = extraBytes === 0 ? {} : { metadataBytes: extraBytes, isExtended: true };
  return plainNamespace({ blockBytes, transferBlocksMax, boundaryBlocks, ...metadata });
}

function tally(run: (asked: Plan) => number, numRuns: number): Map<number, number> {
  const answers = new Map<number, number>();
  fc.assert(
    fc.property(plan, (asked) => {
      const answer = run(asked);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }),
    { numRuns },
  );
  return answers;
}

const entries = { entries: 4, requests: 500 };

describe('a payload in pieces', () => {
  it('is cut elsewhere, described otherwise or refused at other times than the rules for PRPs say', () => {
    const answers = tally((asked) => {
      const device = new ScriptedDevice(entries, asked.scatterSeed);
      const elements = elementsOf(asked, device.dma.allocate(3 << 20));
      const isAligned = elements[0].address % 4 === 0;
      // A piece that begins between dwords is refused too: the rules of cutting do not know of that.
      if (asked.kind === 'bytes' || !isAligned) return 3;
      const list = asked.isCalledBack ? new CalledBack(elements) : vectorOf(elements);
      return check(device, namespaceOf(asked), asked, elements, list);
    }, 150);
    // Both happen often enough to mean something.
    expect(answers.get(SUBMIT_ACCEPTED)).toBeGreaterThan(15);
    expect(answers.get(SUBMIT_NEVER)).toBeGreaterThan(15);
  });

  it.each([true, false])(
    'is cut elsewhere or described otherwise than the rules for SGLs say, merging %s',
    (sglMerge) => {
      const answers = tally((asked) => {
        const device = new ScriptedDevice({ ...entries, sglMerge }, asked.scatterSeed, { sgls: SGLS_ANY });
        const elements = elementsOf(asked, device.dma.allocate(3 << 20));
        const list = asked.isCalledBack ? new CalledBack(elements) : vectorOf(elements);
        return check(device, namespaceOf(asked), asked, elements, list, sglMerge);
      }, 150);
      expect(answers.get(SUBMIT_ACCEPTED)).toBeGreaterThan(100);
    },
  );

  it.each([undefined, 7])('has bit buckets that are not discarded, scattered by %s', (scatterSeed) => {
    const device = new ScriptedDevice(entries, scatterSeed, { sgls: SGLS_ANY | SGLS_BUCKETS });
    const base = device.dma.allocate(1 << 20);
    const elements = [
      { address: BIT_BUCKET, bytes: 1000 },
      { address: base, bytes: 3096 },
      { address: BIT_BUCKET, bytes: 4096 * 20 },
      { address: base + 70_000, bytes: 4096 },
    ];
    const namespace = plainNamespace({ transferBlocksMax: 8 });
    expect(check(device, namespace, { lba: 5, blocks: 22 }, elements, vectorOf(elements), true)).toBe(SUBMIT_ACCEPTED);
  });

  it.each([
    ['of a write', WRITE, SGLS_ANY | SGLS_BUCKETS, 'auto'],
    ['of a compare', COMPARE, SGLS_ANY | SGLS_BUCKETS, 'auto'],
    ['of a controller without them', READ, SGLS_ANY, 'auto'],
    ['of a controller without SGLs', READ, SGLS_BUCKETS, 'auto'],
    ['of a queue pair of PRPs', READ, SGLS_ANY | SGLS_BUCKETS, 'prp'],
  ] as const)('%s has bit buckets', (_, opcode, sgls, payload) => {
    const device = new ScriptedDevice({ ...entries, payload }, undefined, { sgls });
    const transfer = new Transfer();
    transfer.set(0, 0, 1, 0);
    transfer.scatter = vectorOf([{ address: BIT_BUCKET, bytes: 4096 }]);
    expect(device.pair.submitTransfer(opcode, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain('bit bucket: expected a Read with SGLs');
  });

  it('may be changed only after its callback', () => {
    // Ring of one: all but one command wait in the software queue while the vector is filled with something else.
    const device = new ScriptedDevice({ entries: 2, requests: 64 }, 3);
    const base = device.dma.allocate(2 << 20);
    const namespace = plainNamespace();
    const vector = new IoVector(8);
    const transfer = new Transfer();
    const expected: BusRange[][] = [];
    for (let i = 0; i < 20; i++) {
      const elements = Array.from({ length: 8 }, (_, k) => ({
        address: base + (((i * 8 + k) * 7) % 500) * 4096,
        bytes: 4096,
      }));
      vector.clear();
      for (const { address, bytes } of elements) vector.add(address, bytes);
      transfer.set(0, i * 8, 8, 0);
      transfer.scatter = vector;
      expect(device.pair.submitTransfer(WRITE, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
      expected.push(busOf(device, elements));
    }
    transfer.clear();
    vector.addresses.fill(0);
    expect(carryOut(device, namespace, (blocks) => blocks * 4096).map(({ data }) => data)).toEqual(expected);
  });

  it.each([
    [
      'no bytes',
      [
        { address: 4096, bytes: 0 },
        { address: 8192, bytes: 4096 },
      ],
      'an element of 1 or more bytes',
    ],
    [
      'no bytes, in the middle',
      [
        { address: 8192, bytes: 4096 },
        { address: 12288, bytes: 0 },
        { address: 16384, bytes: 4096 },
      ],
      'an element of 1 or more bytes',
    ],
    ['negative bytes', [{ address: 8192, bytes: -4096 }], 'an element of 1 or more bytes'],
    ['half a byte', [{ address: 8192, bytes: 0.5 }], 'an element of 1 or more bytes'],
    ['no number of bytes', [{ address: 8192, bytes: NaN }], 'an element of 1 or more bytes'],
    ['memory that is not there', [{ address: 2 ** 31, bytes: 8192 }], 'bytes of DMA memory'],
    ['memory past its end', [{ address: (9 << 20) + 4096 - 4096, bytes: 8192 }], 'bytes of DMA memory'],
    ['an address between two', [{ address: 8192.5, bytes: 8192 }], 'bytes of DMA memory'],
    ['no address', [{ address: NaN, bytes: 8192 }], 'bytes of DMA memory'],
    ['an address past 2^32', [{ address: 2 ** 32 + 8192, bytes: 8192 }], 'bytes of DMA memory'],
    ['too few bytes', [{ address: 8192, bytes: 4096 }], 'expected 4096 more bytes in another element'],
    ['nothing', [], 'more bytes in another element'],
    ['a start between dwords', [{ address: 8193, bytes: 8192 }], 'bytes of DMA memory, got 8193'],
    [
      'a break inside of a block',
      [
        { address: 8192, bytes: 512 },
        { address: 16384, bytes: 7680 },
      ],
      'only between blocks of 4096 bytes',
    ],
  ] as const)('with %s is looped on, or sent in part', (_, elements, why) => {
    for (const boundaryBlocks of [0, 1]) {
      const device = new ScriptedDevice(entries);
      const transfer = new Transfer();
      transfer.set(0, 0, 2, 0);
      transfer.scatter = vectorOf(elements);
      const namespace = plainNamespace({ boundaryBlocks });
      expect(device.pair.submitTransfer(READ, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
      expect(device.pair.lastRefusal).toContain(why);
      expect(device.pair.outstanding).toBe(0);
      device.pair.poll();
      expect(device.fetchAll()).toEqual([]);
    }
  });

  it.each([
    ['an address', [{ address: 8194, bytes: 4096 }]],
    [
      'a length',
      [
        { address: 8192, bytes: 2050 },
        { address: 16384, bytes: 2046 },
      ],
    ],
  ] as const)(
    'has %s that is no multiple of 4 where the controller demands it, or is refused where it does not',
    (_, elements) => {
      const transfer = new Transfer();
      transfer.set(0, 0, 1, 0);
      transfer.scatter = vectorOf(elements);
      const strict = new ScriptedDevice(entries, undefined, { sgls: SGLS_DWORDS });
      expect(strict.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
      expect(strict.pair.lastRefusal).toContain('multiples of 4');
      const lax = new ScriptedDevice(entries, undefined, { sgls: SGLS_ANY });
      expect(lax.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
    },
  );

  it('of which a block needs more descriptors than there are is sent', () => {
    const device = new ScriptedDevice(entries, undefined, { sgls: SGLS_ANY });
    const base = device.dma.allocate(1 << 20);
    const elements = Array.from({ length: 100 }, (_, i) => ({ address: base + i * 4096, bytes: 41 }));
    const transfer = new Transfer();
    transfer.set(0, 0, 1, 0);
    transfer.scatter = vectorOf(elements);
    expect(device.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toBe(
      'scatter list: expected a block to fit into 64 SGL descriptors, bytes that did, got 2624',
    );
  });

  it('that says something else the second time writes beyond its list, or is sent', () => {
    const many = Array.from({ length: 400 }, (_, i) => ({ address: 4096 * (2 + i * 2), bytes: 40 }));
    const lies: Element[][] = [
      many,
      [{ address: 12288, bytes: 4096 }],
      [
        { address: 8192, bytes: 4092 },
        { address: 16_388, bytes: 4100 },
      ],
      [],
      [{ address: 0, bytes: 8192 }],
    ];
    for (const lie of lies) {
      for (const sgls of [0, SGLS_ANY]) {
        const device = new ScriptedDevice(entries, undefined, { sgls });
        const truth = [
          { address: 8192, bytes: 4096 },
          { address: 16384, bytes: 4096 },
        ];
        const list = new CalledBack(truth);
        const liar = new CalledBack(lie);
        let walks = 0;
        const transfer = new Transfer();
        transfer.set(0, 0, 2, 0);
        transfer.scatter = {
          get address() {
            return walks < 2 ? list.address : liar.address;
          },
          get bytes() {
            return walks < 2 ? list.bytes : liar.bytes;
          },
          reset: (offset) => {
            walks++;
            (walks < 2 ? list : liar).reset(offset);
          },
          next: () => (walks < 2 ? list : liar).next(),
        };
        const answer = device.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0);
        // What it said last may be as good as what it said first.
        const isLegal = sgls !== 0 && lie.length === 2;
        expect(answer).toBe(isLegal ? SUBMIT_ACCEPTED : SUBMIT_NEVER);
        expect(device.pair.outstanding).toBe(isLegal ? 1 : 0);
      }
    }
  });

  it('without end is walked to it', () => {
    const device = new ScriptedDevice(entries);
    const address = device.dma.allocate(8192) + 4;
    let calls = 0;
    const transfer = new Transfer();
    transfer.set(0, 0, 2 ** 40, 0);
    transfer.scatter = { address, bytes: 4096, reset: () => undefined, next: () => ++calls > 0 };
    expect(device.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain('needs at most 500 requests');
    expect(calls).toBeLessThan(200_000);
    expect(device.pair.outstanding).toBe(0);
  });

  it('that throws keeps requests', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 8 });
    const base = device.dma.allocate(1 << 20);
    const list = new CalledBack(Array.from({ length: 4 }, (_, i) => ({ address: base + i * 8192 + 512, bytes: 4096 })));
    let calls = 0;
    const transfer = new Transfer();
    transfer.set(0, 0, 4, 0);
    transfer.scatter = {
      get address() {
        return list.address;
      },
      get bytes() {
        return list.bytes;
      },
      reset: (offset) => list.reset(offset),
      next: () => {
        if (++calls === 9) throw new Error('the caller’s own');
        return list.next();
      },
    };
    const submit = (): number => device.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0);
    expect(submit).toThrow('the caller’s own');
    expect(device.pair.outstanding).toBe(0);
    expect(submit()).toBe(SUBMIT_ACCEPTED);
    expect(device.pair.outstanding).toBe(5);
  });

  it('is sent in part when there are too few requests', () => {
    for (let requests = 1; requests <= 12; requests++) {
      const device = new ScriptedDevice({ entries: 4, requests });
      const base = device.dma.allocate(1 << 20);
      const elements = Array.from({ length: 10 }, (_, i) => ({ address: base + i * 8192 + 512, bytes: 4096 }));
      const transfer = new Transfer();
      transfer.set(0, 0, 10, 0);
      transfer.scatter = vectorOf(elements);
      const submit = (): number => device.pair.submitTransfer(READ, plainNamespace(), transfer, () => undefined, 0);
      const fits = requests >= 11;
      expect(submit()).toBe(fits ? SUBMIT_ACCEPTED : SUBMIT_NEVER);
      if (!fits)
        expect(device.pair.lastRefusal).toBe(
          `blocks: expected what needs at most ${requests} requests, those of the queue pair, got 11`,
        );
      expect(submit()).toBe(fits ? SUBMIT_AGAIN : SUBMIT_NEVER);
      expect(device.pair.outstanding).toBe(fits ? 11 : 0);
      expect(device.pair.statistics.refused).toBe(fits ? 1 : 0);
      device.pair.poll();
      expect(device.fetchAll().length).toBe(fits ? 3 : 0);
    }
  });

  it('is split although it may not be', () => {
    const device = new ScriptedDevice(entries);
    const base = device.dma.allocate(1 << 20);
    const transfer = new Transfer();
    transfer.isWhole = true;
    for (const [blocks, boundaryBlocks, list] of [
      [129, 0, null],
      [2, 1, null],
      [
        2,
        0,
        vectorOf([
          { address: base + 512, bytes: 4096 },
          { address: base + 8192, bytes: 4096 },
        ]),
      ],
    ] as const) {
      transfer.set(base, 0, blocks, 0);
      transfer.scatter = list;
      const namespace = plainNamespace({ boundaryBlocks });
      expect(device.pair.submitTransfer(WRITE, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
      expect(device.pair.lastRefusal).toContain('since the transfer may not be split');
    }
    transfer.set(base, 0, 128, 0);
    transfer.scatter = null;
    expect(device.pair.submitTransfer(WRITE, plainNamespace(), transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
  });
});

describe('a contiguous payload', () => {
  it.each([
    ['auto', 0],
    ['auto', SGLS_ANY],
    ['prp', SGLS_ANY],
    ['sgl', SGLS_ANY],
    ['sgl', SGLS_DWORDS],
  ] as const)('on a queue pair of %s with SGLS %i is described otherwise than its memory lies', (payload, sgls) => {
    fc.assert(
      fc.property(plan, fc.nat(2047), (asked, dwords) => {
        const device = new ScriptedDevice({ ...entries, payload }, asked.scatterSeed, { sgls });
        const namespace = namespaceOf({ ...asked, extraBytes: 0 });
        const address = device.dma.allocate(1 << 20) + dwords * 4;
        const bytes = asked.blocks * asked.blockBytes;
        expect(device.pair.read(namespace, address, asked.lba, asked.blocks, 0, () => undefined, 0)).toBe(0);
        const pieces = carryOut(device, namespace, (blocks) => blocks * asked.blockBytes);
        const data = joined(pieces.flatMap((piece) => piece.data));
        expect(data).toEqual(joined(busRanges(device.dma, address, bytes)));
        const usesSgl = payload === 'sgl';
        for (const { dwords: command } of pieces) expect(PointerWalk.psdt(command)).toBe(usesSgl ? 1 : 0);
      }),
      { numRuns: 25 },
    );
  });

  it('that begins between dwords is refused although SGLs could describe it, or sent where nothing can', () => {
    for (const [sgls, payload, answer] of [
      [0, 'auto', SUBMIT_NEVER],
      [SGLS_DWORDS, 'auto', SUBMIT_NEVER],
      [SGLS_DWORDS, 'sgl', SUBMIT_NEVER],
      [SGLS_ANY, 'prp', SUBMIT_NEVER],
      [SGLS_ANY, 'auto', SUBMIT_ACCEPTED],
      [SGLS_ANY, 'sgl', SUBMIT_ACCEPTED],
    ] as const) {
      const device = new ScriptedDevice({ ...entries, payload }, 5, { sgls });
      const address = device.dma.allocate(1 << 16) + 4095;
      expect(device.pair.write(plainNamespace(), address, 0, 3, 0, () => undefined, 0)).toBe(answer);
      const pieces = carryOut(device, plainNamespace(), (blocks) => blocks * 4096);
      if (answer === SUBMIT_ACCEPTED) expect(pieces[0].data).toEqual(joined(busRanges(device.dma, address, 3 * 4096)));
    }
  });

  it('asks for SGLs of a controller that has none', () => {
    for (const sgls of [0, 3, SGLS_BUCKETS]) {
      expect(() => new ScriptedDevice({ ...entries, payload: 'sgl' }, undefined, { sgls })).toThrow(
        'payload: expected auto or prp, since the controller has no SGLs',
      );
    }
  });
});

describe('separate metadata', () => {
  const format = { blockBytes: 512, metadataBytes: 8, transferBlocksMax: 200 };

  /** Cut only where metadata leaves a run on the bus, `runsMax` of them to a command. */
  function metadataCuts(device: ScriptedDevice, address: number, blocks: number, runsMax: number): number[] {
    const pieces: number[] = [];
    for (let done = 0; done < blocks;) {
      const runs = joined(busRanges(device.dma, address + done * 8, Math.min(blocks - done, 200) * 8)).slice(
        0,
        runsMax,
      );
      const fitting = Math.floor(runs.reduce((sum, run) => sum + run.bytes, 0) / 8);
      pieces.push(fitting);
      done += fitting;
    }
    return pieces;
  }

  it.each([
    ['PRPs', 'prp', 0, 1],
    ['SGLs', 'sgl', SGLS_ANY, 1],
    ['SGLs of dwords', 'sgl', SGLS_DWORDS, 1],
    ['SGLs for metadata too', 'sgl', SGLS_ANY | SGLS_METADATA, 7],
  ] as const)('is not where it should be, with %s', (_, payload, sgls, runsMax) => {
    fc.assert(
      fc.property(
        fc.option(fc.nat(50), { nil: undefined }),
        fc.nat(2047),
        fc.integer({ min: 1, max: 600 }),
        (seed, at, blocks) => {
          const device = new ScriptedDevice({ ...entries, payload }, seed, { sgls });
          const namespace = plainNamespace(format);
          const transfer = new Transfer();
          transfer.set(device.dma.allocate(1 << 20), 7, blocks, 0);
          transfer.metadata = device.dma.allocate(1 << 16) + at * 8;
          expect(device.pair.submitTransfer(WRITE, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
          const pieces = carryOut(device, namespace, (count) => count * 512);
          expect(pieces.map((piece) => piece.blocks)).toEqual(metadataCuts(device, transfer.metadata, blocks, runsMax));
          const walk = new PointerWalk(device.dma);
          for (const { lba, blocks: count, dwords, data } of pieces) {
            const done = lba - 7;
            expect(joined(walk.metadata(dwords, count * 8))).toEqual(
              joined(busRanges(device.dma, transfer.metadata + done * 8, count * 8)),
            );
            expect(data).toEqual(joined(busRanges(device.dma, transfer.address + done * 512, count * 512)));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is missing, unwanted, out of memory or ill aligned and sent all the same', () => {
    const device = new ScriptedDevice(entries);
    const address = device.dma.allocate(1 << 16);
    const transfer = new Transfer();
    transfer.set(address, 0, 8, 0);
    const submit = (namespace: Namespace): number =>
      device.pair.submitTransfer(READ, namespace, transfer, () => undefined, 0);
    expect(submit(plainNamespace(format))).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toBe('metadata: expected an address with 64 bytes of DMA memory, got 0');
    transfer.metadata = 2 ** 31 - 4;
    expect(submit(plainNamespace(format))).toBe(SUBMIT_NEVER);
    transfer.metadata = address + 2;
    expect(submit(plainNamespace(format))).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain('metadata: expected an address that is a multiple of 4');
    transfer.metadata = address;
    for (const namespace of [plainNamespace(), plainNamespace({ ...format, isExtended: true })]) {
      expect(submit(namespace)).toBe(SUBMIT_NEVER);
      expect(device.pair.lastRefusal).toContain('the namespace has no separate metadata');
    }
    expect(submit(plainNamespace(format))).toBe(SUBMIT_ACCEPTED);
    transfer.metadata = 0;
    expect(device.pair.read(plainNamespace(format), address, 0, 1, 0, () => undefined, 0)).toBe(SUBMIT_NEVER);
    expect(
      device.pair.read(plainNamespace({ ...format, isExtended: true }), address, 0, 1, 0, () => undefined, 0),
    ).toBe(0);
  });

  it('of a block is torn by the bus and sent all the same', () => {
    const device = new ScriptedDevice(entries, 3);
    const namespace = plainNamespace({ ...format, metadataBytes: 12 });
    const transfer = new Transfer();
    const metadata = device.dma.allocate(2 << 20);
    transfer.set(device.dma.allocate(1 << 16), 0, 8, 0);
    transfer.metadata = metadata + 4096 - 8;
    expect(iovaOf(device.dma, metadata + 4096)).not.toBe(iovaOf(device.dma, metadata) + 4096);
    expect(device.pair.submitTransfer(READ, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toBe(
      'metadata: expected that of a block to fit into 1 runs on the bus, bytes that did, got 8',
    );
    expect(device.pair.outstanding).toBe(0);
  });
});

describe('metadata that the controller inserts or strips', () => {
  it.each([
    ['is nothing but protection information', 8, true, 512, 16],
    ['has more in it', 16, true, 528, 16],
    ['is nothing but protection information, separate', 8, false, 512, 16],
    ['is nothing but protection information of 64-bit guards', 16, true, 512, 64],
    ['has more in it than protection information of 64-bit guards', 64, true, 576, 64],
  ])('and %s is transferred otherwise', (_, metadataBytes, isExtended, wire, guardBits) => {
    const device = new ScriptedDevice(entries, 2);
    const changes = { blockBytes: 512, metadataBytes, isExtended, piType: 1, guardBits };
    const namespace = plainNamespace({ ...changes, transferBlocksMax: 9, strippedBlocksMax: 10 });
    const address = device.dma.allocate(1 << 20) + 4;
    expect(device.pair.write(namespace, address, 100, 30, PRACT, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
    const pieces = carryOut(device, namespace, (blocks) => blocks * wire);
    expect(joined(pieces.flatMap((piece) => piece.data))).toEqual(joined(busRanges(device.dma, address, 30 * wire)));
    expect(pieces.map((piece) => piece.blocks)).toEqual(wire === 512 ? [10, 10, 10] : [9, 9, 9, 3]);
    for (const { dwords } of pieces) expect(dwords.slice(4, 6)).toEqual([0, 0]);
  });
});
