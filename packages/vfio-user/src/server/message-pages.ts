import { type DeviceDma, PAGE_BYTES, type PageCopies } from '@phasebit/pcie';
import { LostMemoryError, type RemotePiece } from './client-memory.js';
import type { CopyKeeper } from './dma-table.js';

const WORDS = PAGE_BYTES / 4;
/** Words of a completion entry: what is kept by a ring is written in pieces no larger, in order, so that no phase passes its entry. */
const ENTRY_WORDS = 4;

/** The client's memory, as `ClientMemory` reaches it. Each of these throws when it cannot. */
export interface RemoteMemory {
  read(pieces: readonly RemotePiece[]): void;
  write(address: number, bytes: Uint8Array): void;
  flush(): void;
}

/** A buffer of copies, and the address of the memory that it stands for. */
interface Area {
  readonly buffer: ArrayBufferLike;
  readonly address: number;
}

/** A page that is here now. */
interface Copy {
  readonly area: Area;
  readonly page: number;
  readonly words: Uint32Array;
  /** what the client has, as far as is known */
  readonly before: Uint32Array;
  isHeld: boolean;
}

/**
 * The client's memory where it could not be mapped: pages are fetched when the device first uses them in a step, and what the device has
 * changed of them is written back at the end of the step, data first and rings last. Pages that rings lie in are fetched again before each
 * step, since the device looks at them without asking.
 *
 * It is right, and slow: a page costs a message there and back, 20 to 100 us, for each step that uses it, and each page of every ring the
 * same for each step. Memory that cannot be had ends the turn of the controller by an exception.
 */
export class MessagePages implements CopyKeeper {
  private readonly areas = new Map<ArrayBufferLike, Area>();
  private readonly copies = new Map<string, Copy>();

  /** @param onHold - a ring lies in one of the pages from now on */
  constructor(
    private readonly dma: DeviceDma,
    private readonly memory: RemoteMemory,
    private readonly onHold: () => void,
  ) {}

  /** Whether any page is here, and steps have to be between {@link MessagePages.begin} and {@link MessagePages.end}. */
  get isUsed(): boolean {
    return this.copies.size > 0;
  }

  /** Whether rings lie in any. */
  get hasHeld(): boolean {
    for (const copy of this.copies.values()) if (copy.isHeld) return true;
    return false;
  }

  /** @inheritDoc */
  keep(buffer: ArrayBufferLike, address: number): PageCopies {
    const area = { buffer, address };
    this.areas.set(buffer, area);
    return {
      fetch: (page) => this.fetch(area, page),
      hold: (page) => {
        const copy = this.copies.get(keyOf(area, page));
        if (copy === undefined) return;
        copy.isHeld = true;
        this.onHold();
      },
    };
  }

  /** @inheritDoc */
  drop(buffer: ArrayBufferLike): void {
    const area = this.areas.get(buffer);
    if (area === undefined) return;
    this.areas.delete(buffer);
    for (const [key, copy] of this.copies) if (copy.area === area) this.forget(key, copy);
  }

  /** Before a step: pages that rings lie in are made fresh. @returns false if that was refused: there cannot be a step */
  begin(): boolean {
    const held = [...this.copies.values()].filter((copy) => copy.isHeld);
    try {
      if (held.length > 0) this.refresh(held);
      return true;
    } catch (error) {
      if (!(error instanceof LostMemoryError)) throw error;
      return false;
    }
  }

  /** After a step: what it has changed is written back, and what was fetched for it is forgotten. */
  end(): void {
    for (const [key, copy] of [...this.copies]) {
      if (copy.isHeld) continue;
      this.writeBack(copy, WORDS);
      this.forget(key, copy);
    }
    for (const copy of this.copies.values()) this.writeBack(copy, ENTRY_WORDS);
    this.memory.flush();
  }

  /** No ring lies anywhere any more: the controller is disabled. */
  releaseHeld(): void {
    for (const [key, copy] of [...this.copies]) if (copy.isHeld) this.forget(key, copy);
  }

  /** Forgets every page as it is: the turn that used them was given up. */
  abandon(): void {
    for (const [key, copy] of [...this.copies]) this.forget(key, copy);
  }

  private fetch(area: Area, page: number): void {
    const key = keyOf(area, page);
    const words = new Uint32Array(area.buffer, page * PAGE_BYTES, WORDS);
    const copy = { area, page, words, before: new Uint32Array(WORDS), isHeld: false };
    this.refresh([copy]);
    if (this.areas.get(area.buffer) === area) this.copies.set(key, copy);
  }

  private refresh(copies: readonly Copy[]): void {
    const pieces = copies.map((copy) => ({ address: addressOf(copy), into: new Uint8Array(copy.before.buffer) }));
    this.memory.read(pieces);
    for (const copy of copies) copy.words.set(copy.before);
  }

  /** Writes the words that were changed, in runs that do not pass a multiple of `wordsMax`. */
  private writeBack({ words, before, area, page }: Copy, wordsMax: number): void {
    for (let at = 0; at < WORDS; at++) {
      if (words[at] === before[at]) continue;
      const first = at;
      do at++;
      while (at < WORDS && at % wordsMax !== 0 && words[at] !== before[at]);
      const bytes = new Uint8Array(words.buffer, words.byteOffset + first * 4, (at - first) * 4);
      this.memory.write(area.address + page * PAGE_BYTES + first * 4, bytes);
      at--;
    }
    before.set(words);
  }

  private forget(key: string, { area, page }: Copy): void {
    this.copies.delete(key);
    const first = this.dma.firstPageOf(area.buffer);
    if (first >= 0) this.dma.expire(first + page);
  }
}

function keyOf(area: Area, page: number): string {
  return `${area.address}/${page}`;
}

function addressOf({ area, page }: Copy): number {
  return area.address + page * PAGE_BYTES;
}
