import { parseBlockSize, parseBlockSizeRange, parseBlockSizeSplit, parsePerDirection } from './block-sizes.js';
import { parsePattern } from './byte-pattern.js';
import { parseDistribution } from './distribution.js';
import type { JobDraft } from './job-draft.js';
import { WORKLOADS } from './job-spec.js';
import {
  extent,
  integer,
  parseContinueOnError,
  parseQueuePriority,
  parseVerify,
  parseWorkload,
} from './option-values.js';
import { parseBoolean, parseDurationUs } from './units.js';
import { failValue } from './value-error.js';

/** Headings of the option reference, in its order. */
export const OPTION_GROUPS = ['Job', 'Workload', 'Amount and time', 'Pace', 'Data and verification'] as const;

/**
 * One option of a job. This table is the only place an option is described: the job-file parser, the command line and
 * the README's table read it.
 */
export interface JobOption {
  /** fio's main name; also the long option on the command line. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly group: (typeof OPTION_GROUPS)[number];
  /** What a value looks like, for help texts. */
  readonly form: string;
  /** The default as text; empty when there is none. */
  readonly defaultText: string;
  readonly help: string;
  /** True when the bare name, without "=value", means 1. */
  readonly bare: boolean;
  /** Reads a value into the draft; throws a ValueError when it is of the wrong form or out of range. */
  read(draft: JobDraft, text: string): void;
}

/** Name and aliases separated by blanks, the first is the main one. */
type Names = string;
type Group = (typeof OPTION_GROUPS)[number];

function option(
  names: Names,
  group: Group,
  form: string,
  defaultText: string,
  help: string,
  read: JobOption['read'],
): JobOption {
  const [name = '', ...aliases] = names.split(' ');
  return { name, aliases, group, form, defaultText, help, bare: false, read };
}

/** An option that also means 1 when it stands alone. */
function flag(names: Names, group: Group, help: string, set: (draft: JobDraft, value: boolean) => void): JobOption {
  return { ...option(names, group, '[0|1]', '0', help, (draft, text) => set(draft, parseBoolean(text))), bare: true };
}

/** Commands in flight that a job may ask for: the most entries an NVMe queue has. */
const IO_DEPTH_MAX = 65_536;
/** Clones of a job. */
const NUM_JOBS_MAX = 1_024;

const JOB_OPTIONS: readonly JobOption[] = [
  option('name', 'Job', 'str', '', 'Name of the job, instead of the section name', (draft, text) => {
    if (text === '') failValue('a name', text);
    draft.name = text;
  }),
  option('description', 'Job', 'str', '', 'A text for the report', (draft, text) => (draft.description = text)),
  option('numjobs', 'Job', 'int', '1', 'Number of clones of the job that run at once', (draft, text) => {
    draft.numJobs = integer(text, 1, NUM_JOBS_MAX);
  }),
  flag(
    'stonewall wait_for_previous',
    'Job',
    'Wait for all jobs above to end before this one starts',
    (draft, value) => {
      draft.stonewall = value;
    },
  ),
  flag('new_group', 'Job', 'Start a new reporting group without waiting', (draft, value) => (draft.newGroup = value)),
  flag('group_reporting', 'Job', 'Report the jobs of a group as one', (draft, value) => (draft.groupReporting = value)),
];

const WORKLOAD_OPTIONS: readonly JobOption[] = [
  option(
    'rw readwrite',
    'Workload',
    WORKLOADS.join('|'),
    'read',
    'What is done: sequential or random reads, writes, trims, or a mix',
    (draft, text) => {
      draft.workload = parseWorkload(text);
    },
  ),
  option(
    'bs blocksize',
    'Workload',
    'int[,int][,int]',
    '4k',
    'Bytes per command, for reads, writes, trims',
    (draft, text) => {
      draft.blockSize = parsePerDirection(text, parseBlockSize, { kind: 'fixed', bytes: 4096 });
    },
  ),
  option(
    'bsrange blocksize_range',
    'Workload',
    'min-max[,min-max][,min-max]',
    '',
    'Random multiple of min up to max; goes before bs',
    (draft, text) => {
      draft.blockSizeRange = parsePerDirection(text, parseBlockSizeRange, undefined);
    },
  ),
  option(
    'bssplit',
    'Workload',
    'size/percent[:...][,...]',
    '',
    'Weighted block sizes; goes before bsrange and bs',
    (draft, text) => {
      draft.blockSizeSplit = parsePerDirection(text, parseBlockSizeSplit, undefined);
    },
  ),
  option('iodepth', 'Workload', 'int', '1', 'Commands kept in flight', (draft, text) => {
    draft.ioDepth = integer(text, 1, IO_DEPTH_MAX);
  }),
  option('rwmixread', 'Workload', 'percent', '50', 'Share of reads in a mixed workload', (draft, text) => {
    draft.readPercent = integer(text, 0, 100);
  }),
  option(
    'rwmixwrite',
    'Workload',
    'percent',
    '50',
    'Share of writes in a mixed workload; the later of the two counts',
    (draft, text) => {
      draft.readPercent = 100 - integer(text, 0, 100);
    },
  ),
  option(
    'random_distribution',
    'Workload',
    'random|zipf:theta|pareto:h',
    'random',
    'How random offsets are spread; zipf and pareto take a center, :0 to :1',
    (draft, text) => {
      draft.distribution = parseDistribution(text);
    },
  ),
  flag(
    'norandommap',
    'Workload',
    'Draw each random offset anew instead of touching each block once per pass',
    (draft, value) => {
      draft.noRandomMap = value;
    },
  ),
  option('randseed', 'Workload', 'int', '0x89', 'Seed of all random choices; goes before randrepeat', (draft, text) => {
    draft.randSeed = integer(text, 0);
  }),
  option(
    'randrepeat allrandrepeat',
    'Workload',
    '0|1',
    '1',
    '0: take a new seed in every run (the report says which)',
    (draft, text) => {
      draft.randRepeat = parseBoolean(text);
    },
  ),
];

const AMOUNT_OPTIONS: readonly JobOption[] = [
  option(
    'size',
    'Amount and time',
    'int|percent',
    'rest of the device',
    'Bytes of the range, and of the I/O unless io_size says otherwise',
    (draft, text) => {
      draft.size = extent(text, 1);
    },
  ),
  option('offset fileoffset', 'Amount and time', 'int|percent', '0', 'Where the range starts', (draft, text) => {
    draft.offset = extent(text, 0);
  }),
  option(
    'offset_increment',
    'Amount and time',
    'int|percent',
    '0',
    'Added to the offset once per clone',
    (draft, text) => {
      draft.offsetIncrement = extent(text, 0);
    },
  ),
  option(
    'io_size io_limit',
    'Amount and time',
    'int|percent',
    'size',
    'Bytes to move in one loop, less or more than size',
    (draft, text) => {
      draft.ioSize = extent(text, 1);
    },
  ),
  option(
    'loops',
    'Amount and time',
    'int',
    '1',
    'How often the whole job is done',
    (draft, text) => (draft.loops = integer(text, 1)),
  ),
  option('number_ios', 'Amount and time', 'int', '0', 'Stop after this many commands; 0 is no limit', (draft, text) => {
    draft.numberIos = integer(text, 0);
  }),
  option(
    'runtime timeout',
    'Amount and time',
    'time (s)',
    '0',
    'Stop after this long; 0 is no limit',
    (draft, text) => {
      draft.runtimeUs = parseDurationUs(text, 's');
    },
  ),
  flag(
    'time_based',
    'Amount and time',
    'Go on for all of runtime, over and over the same range',
    (draft, value) => (draft.timeBased = value),
  ),
  option('ramp_time', 'Amount and time', 'time (s)', '0', 'Run this long before anything is counted', (draft, text) => {
    draft.rampUs = parseDurationUs(text, 's');
  }),
];

const PACE_OPTIONS: readonly JobOption[] = [
  option(
    'rate_iops',
    'Pace',
    'int[,int][,int]',
    '',
    'Most commands per second, for reads, writes, trims',
    (draft, text) => {
      draft.rateIops = parsePerDirection(text, (one) => integer(one, 0), 0);
    },
  ),
  option('rate', 'Pace', 'int[,int][,int]', '', 'Most bytes per second, for reads, writes, trims', (draft, text) => {
    draft.rateBytes = parsePerDirection(text, (one) => integer(one, 0), 0);
  }),
  option('thinktime', 'Pace', 'time (us)', '0', 'Pause after each thinktime_blocks commands', (draft, text) => {
    draft.thinkTimeUs = parseDurationUs(text, 'us');
  }),
  option('thinktime_blocks', 'Pace', 'int', '1', 'Commands between two pauses', (draft, text) => {
    draft.thinkTimeBlocks = integer(text, 1);
  }),
  option(
    'queue-priority queue_priority',
    'Pace',
    'urgent|high|medium|low',
    'urgent',
    "Class of the job's submission queues; needs --arbitration=wrr",
    (draft, text) => {
      draft.queuePriority = parseQueuePriority(text);
    },
  ),
  option('fsync', 'Pace', 'int', '0', 'A flush after this many writes; 0 is never', (draft, text) => {
    draft.fsyncEveryWrites = integer(text, 0);
  }),
];

const DATA_OPTIONS: readonly JobOption[] = [
  option(
    'verify',
    'Data and verification',
    'none|crc32c|pattern',
    'none',
    'Check what was written: a header with a checksum per block, or a pattern',
    (draft, text) => {
      draft.verify = parseVerify(text);
    },
  ),
  option(
    'verify_pattern',
    'Data and verification',
    'bytes',
    '',
    'The bytes written, for example 0xdeadbeef or "abc"',
    (draft, text) => {
      draft.verifyPattern = parsePattern(text);
    },
  ),
  option(
    'do_verify',
    'Data and verification',
    '0|1',
    '1',
    'Read everything back after the job has written',
    (draft, text) => {
      draft.doVerify = parseBoolean(text);
    },
  ),
  option(
    'verify_fatal',
    'Data and verification',
    '0|1',
    '0',
    'Stop at the first block that is wrong',
    (draft, text) => {
      draft.verifyFatal = parseBoolean(text);
    },
  ),
  option(
    'verify_interval',
    'Data and verification',
    'int',
    'smallest write',
    'Bytes from one verification header to the next',
    (draft, text) => {
      draft.verifyIntervalBytes = integer(text, 1);
    },
  ),
  flag('zero_buffers', 'Data and verification', 'Write zeros', (draft, value) => (draft.zeroBuffers = value)),
  option('buffer_pattern', 'Data and verification', 'bytes', '', 'Write these bytes over and over', (draft, text) => {
    draft.bufferPattern = parsePattern(text);
  }),
  option(
    'continue_on_error',
    'Data and verification',
    'none|read|write|io|verify|all',
    'none',
    'Errors that do not stop the job',
    (draft, text) => {
      draft.continueOnError = parseContinueOnError(text);
    },
  ),
];

/** Every option that is done, in the order of the reference. */
export const OPTIONS: readonly JobOption[] = [
  ...JOB_OPTIONS,
  ...WORKLOAD_OPTIONS,
  ...AMOUNT_OPTIONS,
  ...PACE_OPTIONS,
  ...DATA_OPTIONS,
];

const BY_NAME = new Map(OPTIONS.flatMap((row) => [row.name, ...row.aliases].map((name) => [name, row] as const)));

/** The option of that name or alias, if it is done. */
export function findOption(name: string): JobOption | undefined {
  return BY_NAME.get(name);
}

/** Every name and alias that is done. */
export function optionNames(): Iterable<string> {
  return BY_NAME.keys();
}
