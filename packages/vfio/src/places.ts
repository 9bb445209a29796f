/** Where the system's files are. Others than the usual ones are for tests. */
export interface Places {
  /** sysfs, default `/sys` */
  readonly sysfs: string;
  /** device files, default `/dev` */
  readonly dev: string;
  /** procfs, default `/proc` */
  readonly proc: string;
}

/** The usual places. */
export const PLACES: Places = { sysfs: '/sys', dev: '/dev', proc: '/proc' };
