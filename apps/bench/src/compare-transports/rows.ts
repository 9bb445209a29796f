import type { BenchOptions, StackOptions } from '../cli/bench-options.js';
import { type DeviceChoice, deviceTexts, isMadeForRun, isModelled } from '../cli/device-choice.js';
import { type Amount, amountOf, onlyJob, refuseOtherLoads } from '../measure/amount.js';
import type { MeasuredJob } from '../measure/job-text.js';
import type { Measurement } from '../measure/measurement.js';

/** Queue depths that are compared where nobody says which. */
const DEPTHS = [1, 4, 16, 64];
const AMOUNT: Amount = { rounds: 3, runMs: 500, rampMs: 300 };
const DEVICE_BYTES = 2 ** 30;
/** Options that each row chooses itself, or that not every transport knows. */
const CHOSEN = [
  ...['media', 'media-size', 'shadow-doorbells', 'controllers', 'lba-bytes', 'format', 'pi-type', 'pi', 'scatter'],
  ...['fault', 'fault-seed', 'fail-controller-after'],
];

/** One way to a controller, with or without doorbells through memory. */
export interface Row {
  readonly label: string;
  readonly stack: StackOptions;
  readonly hasShadowDoorbells: boolean;
  /** whose figures they are, where more is known of it than the run itself can know */
  readonly figures?: string;
  /** of each round, by depth */
  readonly rounds: Measurement[][];
}

/** What is there to be compared beside what runs in this process. */
export interface Surroundings {
  /** socket of a controller of this package that another process serves; absent: there is none */
  readonly servedPath?: string;
  /** whether QEMU can be started */
  readonly hasQemu: boolean;
}

/** The depths that the command line asks for. @throws Error when it asks for another load than there is */
export function chooseDepths(options: BenchOptions): readonly number[] {
  const job = onlyJob(options);
  const name = options.typed.find((one) => CHOSEN.includes(one));
  if (name !== undefined) throw new Error(`compare-transports: --${name}: expected none, each row chooses its own`);
  if (job === undefined) return DEPTHS;
  refuseOtherLoads('compare-transports', job, 'which needs no permission on any device');
  return job.settings.iodepth === undefined ? DEPTHS : [job.ioDepth];
}

/** Rounds, their measured time, and what goes before it. */
export function chooseAmount(options: BenchOptions): Amount {
  return amountOf(options, AMOUNT);
}

/** Whether a way is to be measured: all of them, unless a device of this program was chosen alone. */
export function isWanted(kind: 'inline' | 'thread' | 'vfio-user' | 'qtest', { stack, typed }: BenchOptions): boolean {
  if (!typed.includes('device')) return true;
  const { device } = stack;
  if (isModelled(device)) return kind === device;
  return device.kind === 'qtest' ? kind === 'qtest' : true;
}

/** The rows of the table, with nothing measured yet. A device that was named comes on top of those that are always there. */
export function makeRows(options: BenchOptions, { servedPath, hasQemu }: Surroundings): Row[] {
  const { device } = options.stack;
  const rows: Row[] = [];
  const add = (label: string, choice: DeviceChoice, known: Pick<Row, 'figures'> = {}): void => {
    for (const hasShadowDoorbells of [false, true]) {
      const stack = stackOf(options, choice, hasShadowDoorbells);
      rows.push({ label, stack, hasShadowDoorbells, ...known, rounds: [] });
    }
  };
  if (isWanted('inline', options)) add('inline, modelled', 'inline');
  if (isWanted('thread', options)) add('thread, modelled', 'thread');
  if (servedPath !== undefined) {
    const figures = 'of a controller that this program models in another process, over vfio-user, and of no drive';
    add('vfio-user, modelled', { kind: 'vfio-user', paths: [servedPath] }, { figures });
  }
  if (hasQemu && isWanted('qtest', options)) {
    const properties = !isModelled(device) && device.kind === 'qtest' ? device.properties : '';
    add('qtest, emulated by QEMU', { kind: 'qtest', properties });
  }
  if (!isModelled(device) && device.kind !== 'qtest') add(deviceTexts(device).join(), device);
  return rows;
}

/** The jobs of one row: random reads, one depth after the other. */
export function jobsOf(depths: readonly number[]): MeasuredJob[] {
  return depths.map((ioDepth) => ({
    name: `qd${ioDepth}`,
    settings: { rw: 'randread', bs: '4k', iodepth: ioDepth, time_based: 1 },
  }));
}

/** The driver alone on the device, which keeps no data where it is made for this. */
function stackOf({ stack, typed }: BenchOptions, device: DeviceChoice, hasShadowDoorbells: boolean): StackOptions {
  const common: { -readonly [name in keyof StackOptions]: StackOptions[name] } = { ...stack };
  delete common.shadowDoorbells;
  // Where nobody says how deep, each device has what it has.
  if (!typed.includes('ring')) delete common.ringEntries;
  const paths = deviceTexts(device).length;
  return {
    ...common,
    device,
    layer: typed.includes('layer') || paths > 1 ? stack.layer : 'nvme',
    controllers: paths,
    media: { kind: isMadeForRun(device) ? 'null' : 'own' },
    mediaBytes: isMadeForRun(device) ? DEVICE_BYTES : 0,
    ...shadowChoice(device, hasShadowDoorbells),
  };
}

/** Modelled controllers have none unless they are told to; what others have is used unless it is left alone. */
function shadowChoice(device: DeviceChoice, isWanted: boolean): Pick<StackOptions, 'shadowDoorbells'> {
  if (isModelled(device)) return isWanted ? { shadowDoorbells: 'polling' } : {};
  return isWanted ? {} : { shadowDoorbells: 'off' };
}
