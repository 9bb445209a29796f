/** What the flash of a `NandMedium` has done since it was made. */
export interface NandStatistics {
  /** pages read for the host, and to merge a part of a page with the rest of it */
  readonly reads: number;
  /** pages programmed for the host */
  readonly programs: number;
  /** blocks erased, each in all planes of its die */
  readonly erases: number;
  /** valid pages that garbage collection has moved */
  readonly relocatedPages: number;
  /** bytes programmed, relocated ones included, for each byte that the host wrote; 1 before it wrote anything */
  readonly writeAmplification: number;
  /** the part of the time that a die was busy, 0 to 1, the mean of all dies */
  readonly dieUtilization: number;
}
