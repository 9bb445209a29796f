/** One job as a child process reported it, reduced to what comparisons are made of. All directions are added up. */
export interface Measurement {
  readonly name: string;
  /** commands that ended well in the measured time, and their bytes */
  readonly ios: number;
  readonly bytes: number;
  readonly iops: number;
  readonly bytesPerSecond: number;
  /** of the direction that did most; absent when not taken */
  readonly latency?: { readonly p50Ns: number; readonly p99Ns: number; readonly maxNs: number };
  readonly mmioWritesPerIo: number;
  /** submission doorbells that went through memory */
  readonly sqShadowWritesPerIo: number;
  /** whose figures they are, as the report says it; absent: it does not */
  readonly figures?: string;
  /** whether every device offers doorbells through memory; absent: the report does not say */
  readonly offersShadowDoorbells?: boolean;
  /** processor time over time: 1 is one core all the time */
  readonly cores: number;
  readonly errors: number;
  readonly errorsByStatus: Readonly<Record<string, number>>;
  readonly verifiedBytes: number;
  readonly verifyErrors: number;
}

/** What this reads of the JSON that `run --output-format=json` prints: fio's, and what is under `phasebit`. */
interface ChildReport {
  readonly jobs: readonly (Readonly<Record<Direction, DirectionReport>> & CommonReport)[];
  readonly phasebit: { readonly run?: RunReport; readonly jobs: readonly OwnReport[] };
}

interface RunReport {
  readonly figures?: string;
  readonly devices?: readonly { readonly offers_shadow_doorbells: boolean }[];
}

interface CommonReport {
  readonly jobname: string;
  /** per cent of one core */
  readonly usr_cpu: number;
  readonly sys_cpu: number;
}

type Direction = 'read' | 'write' | 'trim';

interface DirectionReport {
  readonly total_ios: number;
  readonly io_bytes: number;
  readonly iops: number;
  readonly bw_bytes: number;
  readonly lat_ns: { readonly max: number; readonly N: number; readonly percentile?: Readonly<Record<string, number>> };
}

interface OwnReport {
  readonly mmio_writes_per_io: number | null;
  readonly sq_shadow_writes_per_io: number | null;
  readonly errors: number;
  readonly errors_by_status: Readonly<Record<string, number>>;
  readonly verified_bytes: number;
  readonly verify_errors: number;
}

/** Reads a child's report. @throws Error when it is none */
export function readMeasurements(text: string): Measurement[] {
  let report: ChildReport;
  try {
    report = JSON.parse(text) as ChildReport;
  } catch (cause) {
    throw new Error('expected a JSON report from the measuring process, got something else', { cause });
  }
  const { figures, devices } = report.phasebit.run ?? {};
  const offers = devices?.every((each) => each.offers_shadow_doorbells);
  return report.jobs.map((job, at) => {
    const directions = [job.read, job.write, job.trim];
    const sum = (take: (direction: DirectionReport) => number): number =>
      directions.reduce((total, direction) => total + take(direction), 0);
    const own = report.phasebit.jobs[at];
    return {
      name: job.jobname,
      ios: sum((direction) => direction.total_ios),
      bytes: sum((direction) => direction.io_bytes),
      iops: sum((direction) => direction.iops),
      bytesPerSecond: sum((direction) => direction.bw_bytes),
      ...latencyOf(directions.reduce((most, next) => (next.total_ios > most.total_ios ? next : most))),
      mmioWritesPerIo: own.mmio_writes_per_io ?? 0,
      sqShadowWritesPerIo: own.sq_shadow_writes_per_io ?? 0,
      ...(figures === undefined ? {} : { figures }),
      ...(offers === undefined ? {} : { offersShadowDoorbells: offers }),
      cores: (job.usr_cpu + job.sys_cpu) / 100,
      errors: own.errors,
      errorsByStatus: own.errors_by_status,
      verifiedBytes: own.verified_bytes,
      verifyErrors: own.verify_errors,
    };
  });
}

function latencyOf({ lat_ns: latency }: DirectionReport): Pick<Measurement, 'latency'> {
  const { percentile } = latency;
  if (latency.N === 0 || percentile === undefined) return {};
  return { latency: { p50Ns: percentile['50.000000'], p99Ns: percentile['99.000000'], maxNs: latency.max } };
}
