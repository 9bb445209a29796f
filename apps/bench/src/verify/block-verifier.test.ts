import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJobFile } from '../job/parse-job-file.js';
import { validateAgainstDevice } from '../job/validate-against-device.js';
import { IoPattern } from '../workload/io-pattern.js';
import { blockBufferOver, HEADER_BYTES, HEADER_CRC, HEADER_LENGTH, type BlockBuffer } from './block-header.js';
import { BlockVerifier, FAILURES_KEPT_MAX } from './block-verifier.js';
import {
  ANY,
  CHECK_CRC,
  CHECK_GENERATION,
  CHECK_LENGTH,
  CHECK_MAGIC,
  CHECK_OFFSET,
  CHECK_OK,
  CHECK_SEED,
  checkBlock,
  checkPattern,
  describeFailure,
  failureText,
} from './check-block.js';
import { blockChecksum, fillBlock, fillPattern } from './fill-block.js';
import { WRITE_DONE, WrittenMap } from './written-map.js';

const OFFSET = 2 ** 40 + 4096;

function block(lengthBytes = 512, generation = 7, deviceOffset = OFFSET, seed = 99): BlockBuffer {
  const buffer = blockBufferOver(new SharedArrayBuffer(lengthBytes + 64), 32, lengthBytes);
  fillBlock(buffer, 0, lengthBytes, deviceOffset, generation, seed);
  return buffer;
}
const check = (buffer: BlockBuffer, generation = 7, other = generation, offset = OFFSET, seed = 99) =>
  checkBlock(buffer, 0, buffer.bytes.length, offset, generation, other, seed);

describe('one block', () => {
  it('is found right when nothing happened to it', () => {
    expect(check(block())).toBe(CHECK_OK);
    expect(check(block(), 8, 7)).toBe(CHECK_OK);
    expect(check(block(), ANY, ANY, OFFSET, ANY)).toBe(CHECK_OK);
  });

  it('is found out by any single byte that changes', () => {
    const buffer = block(128);
    for (let i = 0; i < 128; i++) {
      buffer.bytes[i] ^= 0x10;
      expect(check(buffer)).toBe(i < 4 ? CHECK_MAGIC : CHECK_CRC);
      buffer.bytes[i] ^= 0x10;
    }
    expect(check(buffer)).toBe(CHECK_OK);
  });

  it('tells a stale, a misplaced, a foreign and a cut block apart', () => {
    expect(check(block(), 8)).toBe(CHECK_GENERATION);
    expect(check(block(), 7, 7, OFFSET + 512)).toBe(CHECK_OFFSET);
    expect(check(block(), 7, 7, OFFSET - 2 ** 40)).toBe(CHECK_OFFSET);
    expect(check(block(), 7, 7, OFFSET, 98)).toBe(CHECK_SEED);
    const relabelled = block(512);
    relabelled.words[HEADER_LENGTH] = 1024;
    relabelled.words[HEADER_CRC] = blockChecksum(relabelled.bytes, 0, 512);
    expect(check(relabelled)).toBe(CHECK_LENGTH);
  });

  it('has another payload for each generation, offset and seed', () => {
    const payload = (buffer: BlockBuffer) => Buffer.from(buffer.bytes.slice(HEADER_BYTES)).toString('hex');
    const payloads = [
      block(),
      block(512, 8),
      block(512, 7, OFFSET + 512),
      block(512, 7, 4096),
      block(512, 7, OFFSET, 1),
    ].map(payload);
    expect(new Set(payloads).size).toBe(payloads.length);
  });

  it('is described with both sides and the first byte that differs', () => {
    const buffer = block();
    buffer.bytes[100] ^= 1;
    const failure = describeFailure(CHECK_CRC, buffer, 0, 512, OFFSET, 7, 99);
    expect(failure).toMatchObject({
      reason: 'checksum mismatch',
      firstDifferingByte: 100,
      expected: { generation: 7, seed: 99, deviceOffset: OFFSET },
      found: { generation: 7, seed: 99, deviceOffset: OFFSET, lengthBytes: 512 },
    });
    expect(failure.expected!.crc).not.toBe(failure.found!.crc);
    expect(failureText(failure)).toMatch(
      /^verify: checksum mismatch in the 512 bytes at offset 1099511631872: expected offset 1099511631872 generation 7 seed 99 crc32c 0x[0-9a-f]{8}, got .*, first differing byte 100$/,
    );
  });

  it('is described from its own header when nothing was known', () => {
    const buffer = block();
    buffer.bytes[200] ^= 1;
    expect(describeFailure(CHECK_CRC, buffer, 0, 512, OFFSET, ANY, ANY)).toMatchObject({
      firstDifferingByte: 200,
      expected: { generation: ANY },
    });
  });
});

describe('patterns', () => {
  it('repeat from the first byte of the block and are found out', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(8),
        (pattern, length, start) => {
          const bytes = new Uint8Array(start + length + 8).fill(0xee);
          fillPattern(bytes, start, length, pattern);
          for (let i = 0; i < length; i++) expect(bytes[start + i]).toBe(pattern[i % pattern.length]);
          expect(bytes.subarray(start + length).every((byte) => byte === 0xee)).toBe(true);
          expect(checkPattern(bytes, start, length, pattern)).toBe(-1);
          bytes[start + length - 1] ^= 1;
          expect(checkPattern(bytes, start, length, pattern)).toBe(length - 1);
        },
      ),
    );
  });
});

const KIND = [
  'verify=crc32c',
  'verify=crc32c\nverify_pattern=0xab',
  'verify=crc32c\nverify_interval=512',
  'verify=pattern\nverify_pattern="abc"',
];
const SIZES = ['bs=1k', 'bssplit=1k/30:3k/30:8k/40', 'bs=2k,3k', 'bsrange=1k-9k'];

/** Runs a job on an array, one command after another, and checks every read. */
function runOnArray(
  lines: string,
  commands: number,
): { verifier: BlockVerifier; map: WrittenMap; device: BlockBuffer; startBytes: number } {
  const job = parseJobFile(`[job]\n${lines}\ntime_based\nruntime=1\noffset=4k\nsize=48k`, 'x').groups[0][0];
  const geometry = validateAgainstDevice(job, { lbaBytes: 512, deviceBytes: 64 * 1024 });
  const pattern = new IoPattern(job, geometry);
  const verifier = new BlockVerifier(job, geometry);
  const map = new WrittenMap(geometry.unitCount);
  const device = blockBufferOver(new ArrayBuffer(64 * 1024));
  const buffer = blockBufferOver(new ArrayBuffer(16 * 1024));
  for (let i = 0; i < commands; i++) {
    pattern.next();
    const offset = pattern.lba * 512;
    const length = pattern.blocks * 512;
    const unit = (offset - geometry.startBytes) / geometry.unitBytes;
    if (pattern.direction === 1) {
      const generation = map.beginWrite(unit, length / geometry.unitBytes);
      verifier.fill(buffer, 0, length, offset, generation);
      device.bytes.set(buffer.bytes.subarray(0, length), offset);
      map.endWrite(unit, length / geometry.unitBytes, generation, WRITE_DONE);
    } else {
      const ticket = map.ticket();
      buffer.bytes.set(device.bytes.subarray(offset, offset + length));
      verifier.check(buffer, 0, length, offset, map, ticket);
    }
  }
  return { verifier, map, device, startBytes: geometry.startBytes };
}

describe('a whole job', () => {
  it.each(KIND.flatMap((kind) => SIZES.map((sizes) => `${kind}\n${sizes}`)))(
    'finds everything right on a correct device: %j',
    (lines) => {
      for (const rw of ['rw=randrw', 'rw=rw', 'rw=randrw\nrandom_distribution=zipf:1.1']) {
        const { verifier } = runOnArray(`${rw}\n${lines}`, 400);
        expect(verifier.errors).toBe(0);
        expect(verifier.verifiedBytes).toBeGreaterThan(0);
      }
    },
  );

  it('finds a lost write', () => {
    const { verifier, map, device, startBytes } = runOnArray('rw=randwrite\nverify=crc32c\nbs=1k', 200);
    expect(map.nextKnownRun(0, 1)).toBe(true);
    const offset = startBytes + map.runStart * 1024;
    // The device acknowledges a newer write and keeps the old data.
    map.endWrite(map.runStart, 1, map.beginWrite(map.runStart, 1), WRITE_DONE);
    const bad = verifier.check(blockBufferOver(device.bytes.buffer, offset, 1024), 0, 1024, offset, map, map.ticket());
    expect(bad).toBe(1);
    expect(verifier.failures[0]).toMatchObject({ code: CHECK_GENERATION, deviceOffset: offset });
  });

  it('checks blocks of another job without knowing their generation', () => {
    const { device, startBytes } = runOnArray('rw=write\nverify=crc32c\nbs=1k', 48);
    const job = parseJobFile('[reader]\nrw=read\nverify=crc32c\nbs=2k\nverify_interval=1k\noffset=4k\nsize=48k', 'x')
      .groups[0][0];
    const geometry = validateAgainstDevice(job, { lbaBytes: 512, deviceBytes: 64 * 1024 });
    const reader = new BlockVerifier(job, geometry);
    expect(reader.checkForeign(device, startBytes, 48 * 1024, startBytes)).toBe(0);
    expect(reader.verifiedBytes).toBe(48 * 1024);
    device.bytes.fill(0, startBytes, startBytes + 20 * 1024);
    expect(reader.checkForeign(device, startBytes, 48 * 1024, startBytes)).toBe(20);
    expect(reader.failures).toHaveLength(FAILURES_KEPT_MAX);
    expect(reader.failures[0]).toMatchObject({ code: CHECK_MAGIC, firstDifferingByte: 0 });
  });

  it('excuses a torn block while a write is in flight only where the device may tear', () => {
    const job = parseJobFile('[job]\nrw=randrw\nverify=crc32c\nbs=1k\nsize=4k', 'x').groups[0][0];
    const geometry = validateAgainstDevice(job, { lbaBytes: 512, deviceBytes: 4096 });
    const map = new WrittenMap(geometry.unitCount);
    const first = map.beginWrite(0, 1);
    const writer = new BlockVerifier(job, geometry);
    const old = blockBufferOver(new ArrayBuffer(1024));
    writer.fill(old, 0, 1024, 0, first);
    map.endWrite(0, 1, first, WRITE_DONE);
    const torn = blockBufferOver(new ArrayBuffer(1024));
    writer.fill(torn, 0, 1024, 0, map.beginWrite(0, 1));
    torn.bytes.set(old.bytes.subarray(512), 512);
    for (const [atomicBytes, errors] of [
      [512, 0],
      [1024, 1],
    ] as const) {
      const verifier = new BlockVerifier(job, geometry, atomicBytes);
      expect(verifier.check(torn, 0, 1024, 0, map, map.ticket())).toBe(errors);
      expect(verifier.check(old, 0, 1024, 0, map, map.ticket())).toBe(0);
    }
  });

  it('refuses an interval without room for a header', () => {
    const job = parseJobFile('[job]\nrw=write\nverify=crc32c\nverify_interval=32', 'x').groups[0][0];
    const geometry = validateAgainstDevice(job, { lbaBytes: 512, deviceBytes: 4096 });
    expect(() => new BlockVerifier(job, geometry)).toThrow(
      'verify_interval: expected a multiple of 4 above 32 bytes, got 32',
    );
  });
});
