/** Blocks of one chunk: a bitmap of 4 KiB. */
const CHUNK_BLOCKS = 32_768;
const CHUNK_WORDS = CHUNK_BLOCKS / 32;

/** 32,768 blocks, each in the set or not. */
class Chunk {
  /** blocks in the set */
  count = 0;
  private readonly words = new Uint32Array(CHUNK_WORDS);

  has(block: number): boolean {
    return ((this.words[block >>> 5] >>> (block & 31)) & 1) === 1;
  }

  /** Puts the blocks from `from` to before `to` in, or takes them out. */
  set(from: number, to: number, isIn: boolean): void {
    for (let block = from; block < to;) {
      const bit = block & 31;
      const end = Math.min(to, block - bit + 32);
      const mask = maskOf(bit, end - block);
      const old = this.words[block >>> 5];
      const now = isIn ? old | mask : old & ~mask;
      this.words[block >>> 5] = now;
      this.count += bitCount(now) - bitCount(old);
      block = end;
    }
  }

  /** How many of the blocks from `from` to before `to` are in the set. */
  countIn(from: number, to: number): number {
    let count = 0;
    for (let block = from; block < to;) {
      const bit = block & 31;
      const end = Math.min(to, block - bit + 32);
      count += bitCount(this.words[block >>> 5] & maskOf(bit, end - block));
      block = end;
    }
    return count;
  }
}

/**
 * A set of logical blocks, made for ranges: it takes 4 KiB for every 32,768 neighbouring blocks of which some are in the set and some
 * are not, and next to nothing for the others.
 */
export class BlockSet {
  /** blocks in the set */
  count = 0;
  /** counts the changes of the set */
  version = 0;
  /** Chunks by number; `true` for one that is in the set as a whole, nothing for one that is not at all. */
  private readonly chunks = new Map<number, Chunk | true>();

  /** Whether a block is in the set. */
  has(block: number): boolean {
    const chunk = this.chunks.get(Math.floor(block / CHUNK_BLOCKS));
    return chunk === true || (chunk !== undefined && chunk.has(block % CHUNK_BLOCKS));
  }

  /** Puts a range in. */
  add(first: number, blocks: number): void {
    this.change(first, blocks, true);
  }

  /** Takes a range out. */
  remove(first: number, blocks: number): void {
    if (this.count > 0) this.change(first, blocks, false);
  }

  /** Takes everything out. */
  clear(): void {
    if (this.count > 0) this.version++;
    this.chunks.clear();
    this.count = 0;
  }

  /** The set as runs of neighbouring blocks, as few as there can be, in order: the first block and how many, over and over. */
  runs(): number[] {
    const runs: number[] = [];
    const numbers = [...this.chunks.keys()].sort((a, b) => a - b);
    for (const number of numbers) {
      const chunk = this.chunks.get(number)!;
      const first = number * CHUNK_BLOCKS;
      if (chunk === true) extend(runs, first, CHUNK_BLOCKS);
      else for (let at = 0; at < CHUNK_BLOCKS; at++) if (chunk.has(at)) extend(runs, first + at, 1);
    }
    return runs;
  }

  /** How many blocks of a range are in the set. */
  countIn(first: number, blocks: number): number {
    let count = 0;
    for (let at = first; at < first + blocks;) {
      const number = Math.floor(at / CHUNK_BLOCKS);
      const from = at % CHUNK_BLOCKS;
      const to = Math.min(CHUNK_BLOCKS, from + first + blocks - at);
      const chunk = this.chunks.get(number);
      if (chunk !== undefined) count += chunk === true ? to - from : chunk.countIn(from, to);
      at += to - from;
    }
    return count;
  }

  /** The first block of a range that is in the set, or with `isIn` false the first that is not; -1 when there is none. */
  find(first: number, blocks: number, isIn: boolean): number {
    for (let at = first; at < first + blocks; at++) if (this.has(at) === isIn) return at;
    return -1;
  }

  private change(first: number, blocks: number, isIn: boolean): void {
    const before = this.count;
    for (let at = first; at < first + blocks;) {
      const number = Math.floor(at / CHUNK_BLOCKS);
      const from = at % CHUNK_BLOCKS;
      const to = Math.min(CHUNK_BLOCKS, from + first + blocks - at);
      this.changeChunk(number, from, to, isIn);
      at += to - from;
    }
    if (this.count !== before) this.version++;
  }

  private changeChunk(number: number, from: number, to: number, isIn: boolean): void {
    const old = this.chunks.get(number);
    if (old === (isIn ? true : undefined)) return;
    const before = old === true ? CHUNK_BLOCKS : (old?.count ?? 0);
    if (to - from === CHUNK_BLOCKS) {
      if (isIn) this.chunks.set(number, true);
      else this.chunks.delete(number);
      this.count += (isIn ? CHUNK_BLOCKS : 0) - before;
      return;
    }
    const chunk = old === undefined || old === true ? this.open(number, old === true) : old;
    chunk.set(from, to, isIn);
    if (chunk.count === 0) this.chunks.delete(number);
    else if (chunk.count === CHUNK_BLOCKS) this.chunks.set(number, true);
    this.count += chunk.count - before;
  }

  /** Gives a chunk that was as a whole in or out of the set a bitmap. */
  private open(number: number, isFull: boolean): Chunk {
    const chunk = new Chunk();
    if (isFull) chunk.set(0, CHUNK_BLOCKS, true);
    this.chunks.set(number, chunk);
    return chunk;
  }
}

/** Adds blocks behind those of some runs. */
function extend(runs: number[], first: number, blocks: number): void {
  const last = runs.length - 2;
  if (last >= 0 && runs[last] + runs[last + 1] === first) runs[last + 1] += blocks;
  else runs.push(first, blocks);
}

/** `count` bits, 1 to 32, from bit `from` on. */
function maskOf(from: number, count: number): number {
  return count === 32 ? -1 : ((1 << count) - 1) << from;
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
