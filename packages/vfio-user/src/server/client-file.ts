import { type MappedMemory, mapMemory, viewMemory } from '@phasebit/linux';

/** Whose views can all be forgotten: then, and not before, is the mapping taken away. */
const finished = new FinalizationRegistry<ClientFile>((file) => file.forget());

/**
 * A file that a client shares its memory by, mapped once, and views of parts of it.
 *
 * Whoever has a view of memory that is not mapped any more ends the process when it looks at it. So the mapping goes only when the collector
 * has found that nobody has a view, and {@link ClientFile.detach} puts the process's own empty memory there as soon as the client has gone.
 */
export class ClientFile {
  private readonly memory: MappedMemory;
  private readonly parts = new Map<string, ArrayBuffer>();
  private views = 0;
  private isDetached = false;

  /**
   * @param fd - the file; it may be closed afterwards
   * @param bytes - from its start on, which is all of it
   * @param isWritable - whether what is stored reaches the file. Otherwise it stays in a copy of the page that nobody else sees
   * @throws SystemCallError as mmap(2) says
   */
  constructor(
    fd: number,
    readonly bytes: number,
    readonly isWritable: boolean,
  ) {
    this.memory = mapMemory({ fd, bytes, isShared: isWritable });
  }

  /** The part from `offset` on: the same buffer each time, for the same part. */
  part(offset: number, bytes: number): ArrayBuffer {
    const key = `${offset}+${bytes}`;
    const known = this.parts.get(key);
    if (known !== undefined) return known;
    const buffer = viewMemory(this.memory.address + BigInt(offset), bytes);
    this.parts.set(key, buffer);
    this.views++;
    finished.register(buffer, this);
    return buffer;
  }

  /** Every part that was asked for. */
  get known(): IterableIterator<ArrayBuffer> {
    return this.parts.values();
  }

  /** Lets go of the file. Views that somebody still has are of empty memory from now on. */
  detach(): void {
    this.isDetached = true;
    this.parts.clear();
    this.memory.detach(0, this.bytes);
    if (this.views === 0) this.memory.unmap();
  }

  /** One view less, says the collector. @internal */
  forget(): void {
    this.views--;
    if (this.views === 0 && this.isDetached) this.memory.unmap();
  }
}
