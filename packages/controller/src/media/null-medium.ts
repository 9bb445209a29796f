import type { Medium } from './medium.js';

/** A medium without data: writes vanish, reads leave the host's buffer as it is. For measuring everything but the medium. */
export class NullMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;

  /** @param bytes - the size to pretend, a positive multiple of 512 up to 2^53 */
  constructor(bytes: number) {
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes % 512 === 0)) {
      throw new RangeError(`bytes: expected a positive multiple of 512, got ${bytes}`);
    }
    this.bytes = bytes;
  }

  /** @inheritDoc */
  read(): number {
    return 0;
  }

  /** @inheritDoc */
  write(): number {
    return 0;
  }

  /** @inheritDoc */
  zero(): number {
    return 0;
  }

  /** @inheritDoc */
  deallocate(): number {
    return 0;
  }

  /** @inheritDoc */
  flush(): number {
    return 0;
  }
}
