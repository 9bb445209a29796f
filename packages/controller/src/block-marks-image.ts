import { U32_RANGE } from '@phasebit/core';
import { crc32c } from '@phasebit/nvme-spec';

/**
 * The marks of a namespace as bytes, little-endian, for a medium that outlives the process.
 *
 * ```text
 *   dword 0   "PbMk"                      dword 6    bytes of metadata of a block
 *         1   version, 1                        7    runs of uncorrectable blocks
 *         2   CRC-32C of all that follows       8    runs of allocated blocks, FFFFFFFFh: those are not kept
 *         3   bytes of a block                  9    0
 *       4-5   blocks of the namespace          10..  the runs, 16 bytes each: first block, blocks
 * ```
 */
const MAGIC = 0x6b4d_6250;
const VERSION = 1;
const HEADER_BYTES = 40;
const RUN_BYTES = 16;
const CRC_FROM = 12;
const NOT_KEPT = 0xffff_ffff;

/** What an image holds. Runs are pairs: the first block, and how many. */
export interface MarksImage {
  /** data bytes of a block */
  readonly blockBytes: number;
  /** metadata bytes of a block */
  readonly metadataBytes: number;
  /** blocks of the namespace */
  readonly blocks: number;
  /** blocks that cannot be read */
  readonly uncorrectable: readonly number[];
  /** blocks that are allocated; undefined where they are not counted */
  readonly allocated: readonly number[] | undefined;
}

/** Makes the bytes of an image. */
export function encodeMarks(image: MarksImage): Uint8Array {
  const { uncorrectable, allocated = [] } = image;
  const runs = [...uncorrectable, ...allocated];
  const bytes = new Uint8Array(HEADER_BYTES + (runs.length / 2) * RUN_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(12, image.blockBytes, true);
  put64(view, 16, image.blocks);
  view.setUint32(24, image.metadataBytes, true);
  view.setUint32(28, uncorrectable.length / 2, true);
  view.setUint32(32, image.allocated === undefined ? NOT_KEPT : allocated.length / 2, true);
  runs.forEach((value, i) => put64(view, HEADER_BYTES + i * (RUN_BYTES / 2), value));
  view.setUint32(8, crc32c(bytes, CRC_FROM, bytes.length), true);
  return bytes;
}

/** Reads an image, which may come from anywhere. @throws RangeError saying what was expected and what came */
export function decodeMarks(bytes: Uint8Array): MarksImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES) fail(`${HEADER_BYTES} bytes or more`, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) fail('the marks of a namespace, which begin with PbMk', hex(view, 0));
  if (view.getUint32(4, true) !== VERSION) fail(`version ${VERSION}`, view.getUint32(4, true));
  const crc = crc32c(bytes, CRC_FROM, bytes.length) >>> 0;
  if (view.getUint32(8, true) !== crc) fail(`CRC-32C ${crc.toString(16)}`, hex(view, 8));
  const bad = view.getUint32(28, true);
  const used = view.getUint32(32, true);
  const expected = HEADER_BYTES + (bad + (used === NOT_KEPT ? 0 : used)) * RUN_BYTES;
  if (bytes.length !== expected) fail(`${expected} bytes for the runs that it counts`, bytes.length);
  const blocks = get64(view, 16);
  const runsFrom = (run: number, count: number): number[] => {
    const runs = Array.from({ length: count * 2 }, (_, i) => get64(view, HEADER_BYTES + run * RUN_BYTES + i * 8));
    for (let i = 0; i < runs.length; i += 2) {
      if (!(runs[i] + runs[i + 1] <= blocks)) fail(`runs below block ${blocks}`, `${runs[i]} and ${runs[i + 1]} more`);
    }
    return runs;
  };
  return {
    blockBytes: view.getUint32(12, true),
    metadataBytes: view.getUint32(24, true),
    blocks,
    uncorrectable: runsFrom(0, bad),
    allocated: used === NOT_KEPT ? undefined : runsFrom(bad, used),
  };
}

function put64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / U32_RANGE), true);
}

function get64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * U32_RANGE + view.getUint32(at, true);
}

function hex(view: DataView, at: number): string {
  return view.getUint32(at, true).toString(16);
}

function fail(expected: string, got: string | number): never {
  throw new RangeError(`marks of the medium: expected ${expected}, got ${got}`);
}
