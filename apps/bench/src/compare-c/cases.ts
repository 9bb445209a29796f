import { type BenchOptions, RING_ENTRIES_DEFAULT, type StackOptions } from '../cli/bench-options.js';
import { deviceTexts, isModelled, type ModelledDevice } from '../cli/device-choice.js';
import { type Amount, amountOf, onlyJob, refuseOtherLoads } from '../measure/amount.js';
import type { MeasuredJob } from '../measure/job-text.js';

/** What is compared: one run of the loop in C with one or more of this stack. */
export interface Case {
  readonly device: ModelledDevice;
  readonly media: 'null' | 'ram';
  readonly ioDepth: number;
  /** top layers of this stack, each a row of the table */
  readonly layers: readonly StackOptions['layer'][];
}

const DEPTHS: Readonly<Record<Case['media'], readonly number[]>> = { null: [1, 32, 128], ram: [32] };
const BYTES = 256 * 1024 ** 2;
/** How much is measured where nobody says otherwise. */
const AMOUNT: Amount = { rounds: 5, runMs: 600, rampMs: 250 };

/** The cases that the command line asks for. @throws Error when the loop in C cannot do what is asked */
export function chooseCases(options: BenchOptions): Case[] {
  const { stack, typed } = options;
  const job = onlyJob(options);
  if (job !== undefined) refuseOtherLoads('compare-c', job, 'which is all the loop in C does');
  const { device } = stack;
  if (!isModelled(device)) {
    const name = deviceTexts(device).join();
    throw new Error(`compare-c: --device: expected inline or thread, which the loop in C models too, got ${name}`);
  }
  const { kind } = stack.media;
  if (kind !== 'null' && kind !== 'ram') {
    throw new Error(`compare-c: --media: expected null or ram, got ${kind === 'file' ? 'a file' : kind}`);
  }
  if (stack.faults !== undefined) throw new Error('compare-c: --fault: expected a run without failures');
  if (stack.failControllerAfter !== undefined) {
    throw new Error('compare-c: --fail-controller-after: expected a run without failures');
  }
  const devices = typed.includes('device') ? [device] : (['inline', 'thread'] as const);
  const medias = typed.includes('media') ? [kind] : (['null', 'ram'] as const);
  const depths = job?.settings.iodepth === undefined ? undefined : [job.ioDepth];
  const cases: Case[] = [];
  for (const media of medias) {
    for (const device of devices) {
      const both = device === 'inline' && media === 'null';
      const layers = typed.includes('layer')
        ? [stack.layer]
        : both
          ? (['nvme', 'multipath'] as const)
          : (['nvme'] as const);
      for (const ioDepth of depths ?? DEPTHS[media]) cases.push({ device, media, ioDepth, layers });
    }
  }
  return cases;
}

/** Rounds, their measured time, and what goes before it. */
export function chooseAmount(options: BenchOptions): Amount {
  return amountOf(options, AMOUNT);
}

/** The stack of one row. */
export function stackOf(options: BenchOptions, one: Case, layer: StackOptions['layer']): StackOptions {
  const { stack, typed } = options;
  return {
    ...stack,
    device: one.device,
    media: { kind: one.media },
    layer,
    controllers: layer === 'multipath' ? stack.controllers : 1,
    mediaBytes: typed.includes('media-size') ? stack.mediaBytes : BYTES,
  };
}

/**
 * The jobs of one row. A RAM medium is written in full before it is read: pages that were never written all map to one
 * page of zeroes, which stays in the cache.
 */
export function jobsOf({ media, ioDepth }: Case): MeasuredJob[] {
  const fill = { name: 'fill', settings: { rw: 'write', bs: '128k', iodepth: 8 } };
  const read = { name: 'read', settings: { rw: 'randread', bs: '4k', iodepth: ioDepth, time_based: 1 } };
  return media === 'ram' ? [fill, read] : [read];
}

/** The same for the loop in C. */
export function loopArguments(one: Case, stack: StackOptions, { runMs }: Amount): string[] {
  const values = {
    media: one.media === 'ram' ? 'copy' : 'null',
    qd: one.ioDepth,
    ring: stack.ringEntries ?? RING_ENTRIES_DEFAULT,
    bytes: stack.mediaBytes,
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    seconds: runMs / 1000,
  };
  return [one.device, ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])];
}
