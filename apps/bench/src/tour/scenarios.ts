import type { StackOptions } from '../cli/bench-options.js';
import type { MeasuredJob } from '../measure/job-text.js';
import type { ColumnName } from './columns.js';

/** One row of the tour: a stack and the jobs on it. Its figures are those of the last job. */
export interface Scenario {
  readonly label: string;
  /** what differs from the stack of the command line */
  readonly stack: Partial<StackOptions>;
  readonly jobs: readonly MeasuredJob[];
  /** Whether every I/O is to succeed, or some are to fail with a named status. */
  readonly expect: 'no errors' | 'named errors';
  /** How many are to succeed; absent: at least one. */
  readonly ios?: number;
}

/** One table of the tour. */
export interface Section {
  readonly title: string;
  /** what the table shows, in a sentence or two */
  readonly lesson: string;
  readonly columns: readonly ColumnName[];
  /** how often each scenario is measured, in turn with the others */
  readonly rounds: number;
  readonly scenarios: readonly Scenario[];
}

/** The driver with everything that makes it fast, on a device that keeps no data and runs on the same thread. */
const DRIVER: Partial<StackOptions> = {
  device: 'inline',
  media: { kind: 'null' },
  layer: 'nvme',
  controllers: 1,
  sqDoorbell: 'poll',
  cqDoorbell: 'half',
  callbackIn: 'tracker',
  lookAhead: true,
};
const WHOLE_STACK: Partial<StackOptions> = { ...DRIVER, layer: 'multipath', controllers: 2 };
const ON_THREAD: Partial<StackOptions> = { ...DRIVER, device: 'thread' };

const MIB = 1024 ** 2;
const RAM_BYTES = 256 * MIB;
const FILE_BYTES = 128 * MIB;
const SCATTERED_BYTES = 64 * MIB;
const SCATTER_SEED = 7;

/** The first controller dies in the middle. */
const READS = 1_000_000;
const DIES_AFTER = 500_000;

/** @param filePath - a file that may be made, of {@link FILE_BYTES} bytes; the caller takes it away */
export function tourSections(filePath: string): Section[] {
  return [layers(), queueDepths(), tricks(), twoThreads(), realData({ kind: 'file', path: filePath }), failures()];
}

function layers(): Section {
  return {
    title: 'What each layer costs',
    lesson:
      '128 reads in flight, the device on the same thread, no data moved. The first row is the load, the\n' +
      'driver, the bus and the controller model; on top of it come the block layer, then a second\n' +
      'controller and the choice of a path for each read.',
    columns: ['IOPS', 'ns per I/O', 'this layer, ns', 'of the whole'],
    rounds: 3,
    scenarios: [
      good('driver and controller model', DRIVER, randomReads(128)),
      good('+ block layer, one path', { ...DRIVER, layer: 'bdev' }, randomReads(128)),
      good('+ path policy, two controllers', WHOLE_STACK, randomReads(128)),
    ],
  };
}

function queueDepths(): Section {
  return {
    title: 'What queue depth is worth',
    lesson:
      'The whole stack, as in the last row above. What a poll costs once, doorbells and a look at the clock\n' +
      'among it, is shared by all the commands that it finds.',
    columns: ['IOPS', 'ns per I/O', 'latency p50', 'doorbells per I/O'],
    rounds: 2,
    scenarios: [1, 8, 32, 128].map((depth) => good(`${depth} in flight`, WHOLE_STACK, randomReads(depth))),
  };
}

function tricks(): Section {
  const off: Partial<StackOptions> = {
    sqDoorbell: 'command',
    cqDoorbell: 'poll',
    callbackIn: 'request',
    lookAhead: false,
  };
  return {
    title: 'What each idea is worth',
    lesson:
      'The driver alone, 128 in flight, one idea off at a time. A doorbell is cheap here: a store into\n' +
      'shared memory. On a real device it is a write across PCIe, in a virtual machine often an exit.',
    columns: ['IOPS', 'ns per I/O', 'against all on', 'doorbells per I/O'],
    rounds: 3,
    scenarios: [
      good('all on', DRIVER, randomReads(128)),
      good('submission doorbell per command', { ...DRIVER, sqDoorbell: 'command' }, randomReads(128)),
      good('completion doorbell per poll', { ...DRIVER, cqDoorbell: 'poll' }, randomReads(128)),
      good('callback in the request', { ...DRIVER, callbackIn: 'request' }, randomReads(128)),
      good('no look ahead', { ...DRIVER, lookAhead: false }, randomReads(128)),
      good('all off', { ...DRIVER, ...off }, randomReads(128)),
    ],
  };
}

function twoThreads(): Section {
  return {
    title: 'Driver and device on two threads',
    lesson:
      'The device is a worker that polls, as the I/O thread of a virtual machine does. One read in flight\n' +
      'is the way to another core and back; with more, the two sides work at the same time.',
    columns: ['IOPS', 'ns per I/O', 'MiB/s', 'latency p50', 'latency p99'],
    rounds: 2,
    scenarios: [
      good('no data, 1 in flight', ON_THREAD, randomReads(1)),
      good('no data, 128 in flight', ON_THREAD, randomReads(128)),
      good('256 MiB of RAM, 32 in flight', { ...ON_THREAD, media: { kind: 'ram' }, mediaBytes: RAM_BYTES }, [
        { name: 'fill', settings: { rw: 'write', bs: '128k', iodepth: 8 } },
        ...randomReads(32),
      ]),
    ],
  };
}

function realData(media: StackOptions['media']): Section {
  const file: Partial<StackOptions> = { ...ON_THREAD, layer: 'multipath', media, mediaBytes: FILE_BYTES };
  const ram: Partial<StackOptions> = { ...file, media: { kind: 'ram' }, mediaBytes: SCATTERED_BYTES };
  const sequential = { bs: '128k', iodepth: 8, verify: 'crc32c' };
  const mixed = { rw: 'randrw', bssplit: '4k/60:16k/30:64k/10', iodepth: 64, verify: 'crc32c' };
  return {
    title: 'Real data',
    lesson:
      'Every block carries its address, a generation and a CRC-32C, and is checked when it is read. In the\n' +
      'last row the pages of the DMA memory lie in random order on the bus: larger commands need lists.',
    columns: ['MiB/s', 'moved', 'verified', 'errors'],
    rounds: 1,
    scenarios: [
      good('write a file, then check it', file, [{ name: 'write', settings: { rw: 'write', ...sequential } }]),
      good('read it in another process', file, [{ name: 'read', settings: { rw: 'read', ...sequential } }]),
      good('RAM, mixed sizes, scattered', { ...ram, scatterSeed: SCATTER_SEED }, [{ name: 'mix', settings: mixed }]),
    ],
  };
}

function failures(): Section {
  const settings = { rw: 'randread', bs: '4k', iodepth: 32, number_ios: READS, io_size: READS * 4096 };
  const jobs = [{ name: 'read', settings }];
  const dying: Partial<StackOptions> = { ...WHOLE_STACK, failControllerAfter: DIES_AFTER };
  const [dies, reads] = [DIES_AFTER, READS].map((count) => count.toLocaleString('en'));
  return {
    title: 'A controller that dies',
    lesson:
      `The first controller dies after ${dies} of ${reads} reads, 32 in flight. Where there is another\n` +
      'path all complete on it, late; where there is none, those in flight end with a named status.',
    columns: ['reads done', 'longest read', 'errors', 'as expected'],
    rounds: 1,
    scenarios: [
      { ...good('two paths: no errors', dying, jobs), ios: READS },
      { ...good('one path: errors with a name', { ...dying, controllers: 1 }, jobs), expect: 'named errors' },
    ],
  };
}

function good(label: string, stack: Partial<StackOptions>, jobs: readonly MeasuredJob[]): Scenario {
  return { label, stack, jobs, expect: 'no errors' };
}

function randomReads(ioDepth: number): MeasuredJob[] {
  return [{ name: 'read', settings: { rw: 'randread', bs: '4k', iodepth: ioDepth, time_based: 1 } }];
}
