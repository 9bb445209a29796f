import { type JobSpec, TRIM, WRITE } from '../job/job-spec.js';
import { formatSize } from '../report/format.js';
import type { DeviceFacts, NamespaceFacts } from './device-facts.js';

/**
 * Refuses jobs that change what is on a device unless the serial number of each device was named for it. Trimming changes it as writing
 * does; a job that verifies what it wrote itself is one that writes.
 *
 * @param allowed - serial numbers, trimmed
 * @throws Error saying what the device is, and what would allow it
 */
export function refuseUnallowedWrites(
  jobs: readonly Pick<JobSpec, 'name' | 'directions'>[],
  devices: readonly DeviceFacts[],
  allowed: readonly string[],
): void {
  const job = jobs.find(({ directions }) => directions[WRITE] || directions[TRIM]);
  if (job === undefined) return;
  for (const device of devices) {
    if (device.serial !== '' && allowed.includes(device.serial)) continue;
    const does = job.directions[WRITE] ? 'writes to' : 'trims';
    throw new Error(`job "${job.name}" ${does} ${identityText(device)}: ${whatIsMissing(device, allowed)}`);
  }
}

function whatIsMissing({ serial }: DeviceFacts, allowed: readonly string[]): string {
  if (serial === '') return 'it has no serial number by which that could be allowed';
  const got = allowed.length === 0 ? 'none' : allowed.map((one) => `--allow-writes-to=${one}`).join(' ');
  return `what is on it would be lost. Expected --allow-writes-to=${serial} for that, got ${got}`;
}

/** A device in words: enough to tell whether it is the one that was meant. */
export function identityText({ name, model, serial, firmware, namespaces }: DeviceFacts): string {
  const shown = namespaces.map(namespaceText).join(', ');
  return `${name} (${model}, serial ${serial === '' ? 'none' : serial}, firmware ${firmware}; ${shown === '' ? 'no namespaces' : shown})`;
}

/** `namespace 1: 1.82TiB in blocks of 512+8` */
export function namespaceText({ nsid, blocks, blockBytes, metadataBytes, piType }: NamespaceFacts): string {
  const metadata = metadataBytes === 0 ? '' : `+${metadataBytes}`;
  const protection = piType === 0 ? '' : ` with protection information of type ${piType}`;
  return `namespace ${nsid}: ${formatSize(blocks * blockBytes)} in blocks of ${blockBytes}${metadata}${protection}`;
}
