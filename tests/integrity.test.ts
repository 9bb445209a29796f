/**
 * Random sequences of everything that changes or reads blocks, against a plain array of bytes.
 * A failure prints its seed: `fc.configureGlobal({ seed, path })`, or as the second argument of `fc.assert`.
 */
import { BDEV_STATUS_MISCOMPARE, BDEV_STATUS_SUCCESS } from '@phasebit/bdev';
import { RamMedium } from '@phasebit/controller';
import { QueueDepthSelector, RoundRobinSelector } from '@phasebit/multipath';
import { type CompletionCallback, type Controller, Namespace, type QueuePairOptions } from '@phasebit/nvme';
import { STATUS_COMPARE_FAILURE, STATUS_LBA_OUT_OF_RANGE, statusCode } from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';
import { IntegrityModel, type Mover, operations, type Outcome } from './support/integrity-model.js';

const DISK_BYTES = 256 << 10;

const queuePairOptions: fc.Arbitrary<QueuePairOptions & { entries: number; requests: number }> = fc.record({
  entries: fc.oneof(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 2, max: 64 })),
  requests: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 64, max: 300 })),
  sqDoorbell: fc.constantFrom('command', 'poll'),
  cqDoorbell: fc.constantFrom('poll', 'half'),
  callbackIn: fc.constantFrom('tracker', 'request'),
  lookAhead: fc.boolean(),
  completionsPerPollMax: fc.constantFrom(1, 3, 65_536),
});

const device = fc.record({
  blockBytes: fc.constantFrom(512, 4096),
  /** 8 or 16 KiB */
  mdts: fc.constantFrom(1, 2),
  /** NOIOB in units of 4 KiB; 0 for none */
  boundaryPages: fc.constantFrom(0, 0, 1, 3, 4, 7),
  scatterSeed: fc.constantFrom(undefined, 1, 2, 3),
});

type Device = typeof device extends fc.Arbitrary<infer T> ? T : never;

async function openStack(plan: Device, controllers = 1): Promise<InlineStack> {
  const { blockBytes, mdts, boundaryPages, scatterSeed } = plan;
  const stack = await InlineStack.open({
    controllers,
    blockBytes,
    medium: new RamMedium({ bytes: DISK_BYTES }),
    dataBytes: 1 << 20,
    ringBytes: 1 << 20,
    device: { mdts, ...(controllers > 1 ? { anaGroups: 1 } : {}) },
    ...(scatterSeed === undefined ? {} : { scatterSeed }),
  });
  for (const controller of stack.controllers) setBoundary(controller, (boundaryPages * 4096) / blockBytes);
  return stack;
}

/** Gives a namespace an optimal I/O boundary, which the modelled controllers have none of. */
function setBoundary(controller: Controller, boundaryBlocks: number): void {
  const namespace = controller.namespace(NSID);
  const bounded = Object.assign(Object.create(Namespace.prototype) as Namespace, namespace, { boundaryBlocks });
  (controller.namespaces as Map<number, Namespace>).set(NSID, bounded);
}

/** Pieces of a transfer, counted block by block from the rule alone: a new one at each boundary and after `most` blocks. */
function countPieces(lba: number, blocks: number, boundary: number, most: number): number {
  let pieces = 0;
  let length = 0;
  for (let i = 0; i < blocks; i++) {
    const isCut = length === most || (boundary !== 0 && (lba + i) % boundary === 0);
    if (i === 0 || isCut) {
      pieces++;
      length = 0;
    }
    length++;
  }
  return pieces;
}

async function driverMover(stack: InlineStack, options: QueuePairOptions & { requests: number }): Promise<Mover> {
  const pair = await stack.openPair(options);
  const namespace = stack.controllers[0].namespace(NSID);
  const callback: CompletionCallback = (context, status) => {
    (context as (outcome: Outcome) => void)(outcomeOf(status));
  };
  return {
    read: (address, lba, blocks, done) => pair.read(namespace, address, lba, blocks, 0, callback, done),
    write: (address, lba, blocks, done) => pair.write(namespace, address, lba, blocks, 0, callback, done),
    compare: (address, lba, blocks, done) => pair.compare(namespace, address, lba, blocks, 0, callback, done),
    writeZeroes: (lba, blocks, done) => pair.writeZeroes(namespace, lba, blocks, 0, callback, done),
    deallocate: (lba, blocks, done) => pair.deallocate(namespace, lba, blocks, callback, done),
    flush: (done) => pair.flush(namespace, callback, done),
    poll: () => void pair.poll(),
    isImpossible: (lba, blocks) => {
      const pieces = countPieces(lba, blocks, namespace.boundaryBlocks, namespace.transferBlocksMax);
      return pieces > 1 && pieces + 1 > options.requests;
    },
  };
}

function outcomeOf(status: number): Outcome {
  if (status === 0) return 'success';
  return statusCode(status) === STATUS_COMPARE_FAILURE ? 'miscompare' : 'failed';
}

describe('bytes go astray', () => {
  it('between driver and device', async () => {
    let split = 0;
    let queued = 0;
    let refused = 0;
    const property = fc.asyncProperty(device, queuePairOptions, operations(80), async (plan, options, steps) => {
      const stack = await openStack(plan);
      const mover = await driverMover(stack, options);
      const transferBytes = 4096 << plan.mdts;
      new IntegrityModel(stack, mover, DISK_BYTES, (4 * transferBytes) / plan.blockBytes).run(steps);
      const [{ statistics, outstanding }] = stack.controllers[0].queuePairs;
      expect({ outstanding, spurious: statistics.spurious }).toEqual({ outstanding: 0, spurious: 0 });
      expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
      split += statistics.split;
      queued += statistics.queued;
      refused += statistics.refused;
    });
    await fc.assert(property, { numRuns: 300 });
    // The runs came where it is hard.
    expect(Math.min(split, queued, refused)).toBeGreaterThan(100);
  });

  it('between the block layer and two controllers of one medium', async () => {
    const channelOptions = fc.record({
      queuePair: queuePairOptions,
      ioCount: fc.oneof(fc.integer({ min: 2, max: 6 }), fc.constant(64)),
      policy: fc.constantFrom('active-passive', 'round-robin', 'queue-depth'),
    });
    let splits = 0;
    let waits = 0;
    const property = fc.asyncProperty(device, channelOptions, operations(60), async (plan, options, steps) => {
      const stack = await openStack(plan, 2);
      const { channel } = await stack.openBdev(
        options,
        options.policy === 'round-robin'
          ? { selector: () => new RoundRobinSelector() }
          : options.policy === 'queue-depth'
            ? { selector: () => new QueueDepthSelector() }
            : {},
      );
      const callback = (context: unknown, status: number): void => {
        const outcomes: Record<number, Outcome> = {
          [BDEV_STATUS_SUCCESS]: 'success',
          [BDEV_STATUS_MISCOMPARE]: 'miscompare',
        };
        (context as (outcome: Outcome) => void)(outcomes[status] ?? 'failed');
      };
      const mover: Mover = {
        read: (address, lba, blocks, done) => channel.read(address, lba, blocks, callback, done),
        write: (address, lba, blocks, done) => channel.write(address, lba, blocks, callback, done),
        compare: (address, lba, blocks, done) => channel.compare(address, lba, blocks, callback, done),
        writeZeroes: (lba, blocks, done) => channel.writeZeroes(lba, blocks, callback, done),
        deallocate: (lba, blocks, done) => channel.unmap(lba, blocks, callback, done),
        flush: (done) => channel.flush(callback, done),
        poll: () => void channel.poll(),
        isImpossible: () => false,
      };
      const transferBytes = 4096 << plan.mdts;
      new IntegrityModel(stack, mover, DISK_BYTES, (4 * transferBytes) / plan.blockBytes).run(steps);
      expect(channel.inFlight).toBe(0);
      splits += channel.statistics.splits;
      waits += channel.statistics.waits;
    });
    await fc.assert(property, { numRuns: 200 });
    expect(Math.min(splits, waits)).toBeGreaterThan(100);
  });
});

describe('a transfer past the end of the namespace', () => {
  it('reports success although a piece of it failed', async () => {
    const stack = await openStack({ blockBytes: 512, mdts: 1, boundaryPages: 0, scatterSeed: 1 });
    const namespace = stack.controllers[0].namespace(NSID);
    const pair = await stack.openPair({ entries: 4, requests: 64 });
    const { blocks } = namespace;
    const statuses: number[] = [];
    const onDone = (_: unknown, status: number): void => void statuses.push(statusCode(status));
    // The last piece fails, the last but one, and all of them; the good ones complete last or first.
    for (const [lba, count] of [
      [blocks - 40, 41],
      [blocks - 1, 64],
      [blocks, 64],
      [blocks - 40, 40],
    ]) {
      pair.read(namespace, stack.data, lba, count, 0, onDone, 0);
    }
    stack.spin(
      () => pair.outstanding === 0,
      () => pair.poll(),
    );
    expect(statuses).toEqual([STATUS_LBA_OUT_OF_RANGE, STATUS_LBA_OUT_OF_RANGE, STATUS_LBA_OUT_OF_RANGE, 0]);
  });
});
