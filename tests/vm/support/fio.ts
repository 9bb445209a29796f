import type { Guest } from './guest.js';
import type { GuestCommand } from './guest-command.js';

/** What fio says of reads or writes. */
export interface FioDirection {
  readonly total_ios: number;
  readonly iops: number;
  readonly clat_ns: { readonly min: number; readonly max: number; readonly mean: number };
}

/** What fio says of a job. */
export interface FioJob {
  readonly error: number;
  readonly read: FioDirection;
  readonly write: FioDirection;
  readonly trim: FioDirection;
}

/** A fio job: options by name, as on its command line. */
export type FioOptions = Readonly<Record<string, string | number>>;

/** Direct, asynchronous, 32 at a time, any size from a block to 256 KiB, each block with a checksum that is looked at. */
export const VERIFIED: FioOptions = {
  rw: 'randrw',
  iodepth: 32,
  size: '24m',
  verify: 'crc32c',
  verify_fatal: 1,
  verify_backlog: 128,
};

/** The command line of one job on a block device. */
export function fioCommand(device: string, options: FioOptions): string {
  const all: FioOptions = {
    name: 'job',
    filename: device,
    ioengine: 'libaio',
    direct: 1,
    randseed: 1,
    'output-format': 'json',
    ...options,
  };
  return ['fio', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)].join(' ');
}

/** What a fio that has ended says. @throws Error when it failed or found a block that is not as it was written */
export async function fioResult(command: GuestCommand, timeoutMs = 60_000): Promise<FioJob> {
  const { status, output, stdout } = await command.finish({ timeoutMs });
  const text = stdout.slice(stdout.indexOf('{'));
  if (status !== 0) throw new Error(`fio failed with status ${status}:\n${output}`);
  const [job] = (JSON.parse(text) as { jobs: FioJob[] }).jobs;
  if (job.error !== 0) throw new Error(`fio saw error ${job.error}:\n${output}`);
  return job;
}

/** Runs one job to its end. */
export function runFio(guest: Guest, device: string, options: FioOptions, timeoutMs?: number): Promise<FioJob> {
  return fioResult(guest.start(fioCommand(device, options)), timeoutMs);
}
