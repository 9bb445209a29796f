import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import type { JobResult } from '../report/job-result.js';
import { LiveLine } from '../report/live-line.js';
import { runJobs } from './run-jobs.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MEDIUM_BYTES = 1024 ** 2;
const REGION_BYTES = 4096;

/** Runs one job on this thread. */
async function run(line: string): Promise<JobResult> {
  const parsed = parseArguments(['run', ...line.split(' ').filter(Boolean), '--layer=nvme', '--verify=crc32c']);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  const { options } = parsed;
  const hooks = { live: new LiveLine({ write: () => true }, 'never'), isInterrupted: () => false };
  const { results } = await runJobs(options.jobs!.groups, options, hooks);
  return results[0];
}

/** Inverts a bit of the metadata of a block in the file of a medium, which is behind the data of all blocks. */
function corrupt(path: string, blockBytes: number, metadataBytes: number, block: number, byte: number): void {
  const pages = (bytes: number): number => Math.ceil(bytes / REGION_BYTES) * REGION_BYTES;
  let blocks = Math.floor(MEDIUM_BYTES / (blockBytes + metadataBytes));
  while (pages(blocks * blockBytes) + pages(blocks * metadataBytes) > MEDIUM_BYTES) blocks--;
  const at = pages(blocks * blockBytes) + block * metadataBytes + byte;
  const file = openSync(path, 'r+');
  const one = Buffer.alloc(1);
  readSync(file, one, 0, 1, at);
  one[0] ^= 0x10;
  writeSync(file, one, 0, 1, at);
  closeSync(file);
}

describe('metadata of a verifying job', () => {
  it.each([
    ['--format=512+8', 8],
    ['--format=512+4 --bs=512', 4],
    ['--format=4096+64 --bs=16k', 64],
    ['--format=512+16 --verify_interval=1536 --bs=3k', 16],
    ['--format=512+16 --verify_interval=256', 16],
    ['--format=512+128 --iovecs=2', 128],
    ['--format=512+8 --queue-pairs=2', 8],
    ['--format=512+16 --pi-type=1', 16],
    ['--format=4096+64 --pi-type=1 --pi=on', 56],
    ['--format=4096+64 --pi-type=1 --pi-guard=64 --pi=on', 48],
    ['--format=4096+64 --pi-type=3 --pi-guard=64 --pi=on', 48],
    ['--format=4096+16 --pi-type=2 --pi-guard=64', 16],
    ['--format=4096+64 --pi-type=3 --pi=on --verify_pattern=0xabcd', 56],
  ])('is what was written, of each block: %s', async (line, metadataBytes) => {
    const data = 768 * 1024;
    const blockBytes = line.includes('4096') ? 4096 : 512;
    const result = await run(`--rw=write --iodepth=8 --media=ram --media-size=2m --size=768k --bs=4k ${line}`);
    expect(result).toMatchObject({ errors: 0 });
    expect(result.verify).toMatchObject({
      verifiedBytes: data,
      verifiedMetadataBytes: (data / blockBytes) * metadataBytes,
      errors: 0,
      failures: [],
    });
  });

  it('stays with a controller that makes all of it, and is not verified then', async () => {
    const line = '--rw=write --media=ram --media-size=2m --size=512k --bs=4k --format=512+8 --pi-type=1 --pi=on';
    expect((await run(line)).verify).toMatchObject({ verifiedBytes: 512 * 1024, verifiedMetadataBytes: 0, errors: 0 });
  });

  it('is told apart by the write it is from, while blocks are written again and again', async () => {
    const line = '--rw=randrw --iodepth=16 --media=ram --media-size=1m --size=64k --bs=4k --io_size=2m --norandommap';
    const result = await run(`${line} --format=512+8`);
    expect(result.verify).toMatchObject({ errors: 0 });
    expect(result.verify!.verifiedMetadataBytes).toBeGreaterThan(0);
  });

  it.each([
    ['--format=512+8', 512, 8, 37, 5],
    ['--format=512+16 --pi-type=1', 512, 16, 3, 15],
    ['--format=4096+64', 4096, 64, 0, 0],
    ['--format=512+8 --verify_pattern=0x12345678', 512, 8, 100, 7],
  ])('that has changed fails the job, with its place: %s', async (format, blockBytes, metadataBytes, block, byte) => {
    const path = join(folder, `${metadataBytes}-${block}`);
    const line = `--media=file:${path} --media-size=${MEDIUM_BYTES} --size=512k --bs=8k --iodepth=4 ${format}`;
    expect((await run(`--rw=write ${line}`)).verify).toMatchObject({ errors: 0 });
    expect(await run(`--rw=read ${line}`)).toMatchObject({ errors: 0, verify: { errors: 0 } });
    corrupt(path, blockBytes, metadataBytes, block, byte);
    const result = await run(`--rw=read ${line}`);
    expect(result.errors).toBe(1);
    expect(result.verify).toMatchObject({
      errors: 1,
      failures: [
        `verify: wrong metadata, ${metadataBytes} bytes of the block at offset ${block * blockBytes}, first differing byte ${byte}`,
      ],
    });
  });

  it('that has changed under a guard fails the read', async () => {
    const path = join(folder, 'guarded');
    const format = '--format=4096+64 --pi-type=1 --pi=on';
    const line = `--media=file:${path} --media-size=${MEDIUM_BYTES} --size=512k --bs=8k ${format}`;
    await run(`--rw=write ${line}`);
    corrupt(path, 4096, 64, 5, 0);
    const { errors, errorsByStatus } = await run(`--rw=read ${line}`);
    expect(errors).toBe(1);
    expect(Object.keys(errorsByStatus)).toEqual([expect.stringContaining('Guard Check')]);
  });
});
