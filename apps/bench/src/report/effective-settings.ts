import { blockSizeBounds, type BlockSizes, type JobSpec } from '../job/job-spec.js';
import { formatBytes } from '../job/units.js';

/**
 * A job's options for the report: those given, and of those that are defaults the ones that plotting tools look for
 * (rw, bs, iodepth, numjobs). A seed that was drawn anew is in it too, so that the run can be repeated.
 */
export function effectiveSettings(job: JobSpec): Record<string, string> {
  const drawn = job.settings.randrepeat === '0' && job.settings.randseed === undefined;
  return {
    rw: job.workload,
    bs: blockSizesText(job),
    iodepth: String(job.ioDepth),
    numjobs: String(job.cloneCount),
    ...job.settings,
    ...(drawn ? { randseed: String(job.baseSeed) } : {}),
  };
}

/** One size, or one per direction when they differ. */
function blockSizesText(job: JobSpec): string {
  const all = job.blockSizes.map(sizeText);
  return new Set(all).size === 1 ? all[0] : all.join(',');
}

/** In fio's units, in which 4 KiB are `4k`; sizes that vary as `smallest-largest`. */
function sizeText(sizes: BlockSizes): string {
  const { minBytes, maxBytes } = blockSizeBounds(sizes);
  return minBytes === maxBytes ? fioSize(minBytes) : `${fioSize(minBytes)}-${fioSize(maxBytes)}`;
}

function fioSize(bytes: number): string {
  return formatBytes(bytes).replace(/i?B$/, '').toLowerCase();
}
