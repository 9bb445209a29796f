import { closeDescriptor, createMemFd, type MappedMemory, mapMemory } from '@phasebit/linux';
import { DOORBELL_BASE } from '@phasebit/nvme-spec';

/**
 * The doorbells: memory that the controller looks at, and a file of each client's own that shows there. A client that has gone, and cannot
 * be made to unmap, rings nobody's bell.
 *
 * While the controller looks at copies of rings, it must not see a doorbell that was rung after they were made, or it would take entries
 * that are not there yet. Then the two are apart: {@link DoorbellMemory.take} shows the controller what was rung so far, before copies are made
 * fresh, and {@link DoorbellMemory.give} passes on what the controller itself has written there.
 *
 * ```text
 *   client ---store or message---> the client's file ===== the same memory =====> controller
 *                                                    or, while apart: take(), give()
 * ```
 */
export class DoorbellMemory {
  /** what the controller looks at */
  readonly words: Int32Array;
  /** the client's file, with the doorbells from its byte 1000h on; page 0 is in the place of the registers, and nobody's */
  fd: number | undefined = undefined;
  private readonly memory: MappedMemory;
  private readonly taken: Int32Array;
  private client: MappedMemory | undefined = undefined;
  private rung: Int32Array;
  private isApart = false;

  /**
   * @param count - words that are doorbells
   * @param bytes - whole pages that they take
   */
  constructor(
    count: number,
    private readonly bytes: number,
  ) {
    this.memory = mapMemory({ bytes });
    this.words = new Int32Array(this.memory.buffer, 0, count);
    this.rung = this.words;
    this.taken = new Int32Array(count);
  }

  /** Makes a file for a client, zeroed. */
  lend(): void {
    this.fd = createMemFd('phasebit-doorbells', DOORBELL_BASE + this.bytes);
    this.memory.attach(0, this.bytes, this.fd, DOORBELL_BASE);
    this.client = mapMemory({ fd: this.fd, offset: DOORBELL_BASE, bytes: this.bytes });
    this.rung = new Int32Array(this.client.buffer, 0, this.words.length);
    this.isApart = false;
  }

  /** Lets go of the file. */
  takeBack(): void {
    this.memory.detach(0, this.bytes);
    this.rung = this.words;
    this.isApart = false;
    this.client?.unmap();
    if (this.fd !== undefined) closeDescriptor(this.fd);
    this.client = this.fd = undefined;
  }

  /** What was rung last at a word; 0 beyond the last one. */
  read(word: number): number {
    return word < this.rung.length ? Atomics.load(this.rung, word) : 0;
  }

  /** Rings; beyond the last one nothing happens. */
  ring(word: number, value: number): void {
    if (word < this.rung.length) Atomics.store(this.rung, word, value);
  }

  /** The controller sees what is rung only when it is told, from now on. */
  part(): void {
    if (this.isApart || this.client === undefined) return;
    for (let i = 0; i < this.taken.length; i++) this.taken[i] = Atomics.load(this.words, i);
    this.memory.detach(0, this.bytes);
    this.words.set(this.taken);
    this.isApart = true;
  }

  /** The controller sees what is rung at once again. */
  join(): void {
    if (!this.isApart || this.fd === undefined) return;
    this.give();
    this.memory.attach(0, this.bytes, this.fd, DOORBELL_BASE);
    this.isApart = false;
  }

  /** Shows the controller what was rung so far. */
  take(): void {
    if (!this.isApart) return;
    for (let i = 0; i < this.taken.length; i++) {
      const value = Atomics.load(this.rung, i);
      if (value === this.taken[i]) continue;
      this.taken[i] = value;
      this.words[i] = value;
    }
  }

  /** Passes on what the controller has written, where nothing was rung meanwhile. */
  give(): void {
    if (!this.isApart) return;
    for (let i = 0; i < this.taken.length; i++) {
      if (this.words[i] === this.taken[i]) continue;
      Atomics.compareExchange(this.rung, i, this.taken[i], this.words[i]);
      this.taken[i] = this.words[i];
    }
  }
}
