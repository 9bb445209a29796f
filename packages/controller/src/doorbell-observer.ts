/** Who hears of doorbell values that no host should write. */
export interface DoorbellObserver {
  /** A doorbell of an existing queue has a value that the queue cannot have. Said once per write. */
  invalidDoorbellValue(queueId: number): void;
}
