import { describe, expect, it } from 'vitest';
import { parseJobFile } from './parse-job-file.js';
import { validateAgainstDevice, type DeviceShape } from './validate-against-device.js';

const MIB = 1024 ** 2;
const device: DeviceShape = { lbaBytes: 512, deviceBytes: 64 * MIB };
const fit = (lines: string, shape: DeviceShape = device) =>
  validateAgainstDevice(parseJobFile(`[job]\nrw=randrw\n${lines}`, 'x').groups[0][0], shape);

describe('validateAgainstDevice', () => {
  it('takes the rest of the device by default', () => {
    expect(fit('offset=1m')).toEqual({
      lbaBytes: 512,
      startBytes: MIB,
      rangeBytes: 63 * MIB,
      firstLba: 2048,
      rangeBlocks: 63 * 2048,
      unitBytes: 4096,
      unitBlocks: 8,
      unitCount: 63 * 256,
      totalBytes: 63 * MIB,
      totalIos: Infinity,
    });
  });

  it('counts io_size, loops, number_ios and time', () => {
    expect(fit('size=1m\nio_size=2m\nloops=3\nnumber_ios=5')).toMatchObject({
      rangeBytes: MIB,
      totalBytes: 6 * MIB,
      totalIos: 5,
    });
    expect(fit('size=1m\nruntime=5')).toMatchObject({ totalBytes: MIB });
    expect(fit('size=1m\nruntime=5\ntime_based')).toMatchObject({ totalBytes: Infinity });
  });

  it('resolves percentages of the device, offsets aligned to the block', () => {
    expect(fit('bs=64k\noffset=33%\nsize=50%')).toMatchObject({ startBytes: 337 * 65_536, rangeBytes: 32 * MIB });
  });

  it('gives each clone its offset', () => {
    const jobs = parseJobFile('[job]\nnumjobs=3\noffset=1m\noffset_increment=2m\nsize=2m', 'x').groups[0];
    expect(jobs.map((job) => validateAgainstDevice(job, device).startBytes / MIB)).toEqual([1, 3, 5]);
  });

  it('uses the greatest common divisor of all sizes as unit, and of the directions in use only', () => {
    expect(fit('bs=6k,4k').unitBytes).toBe(2048);
    expect(fit('bssplit=16k/50:64k/50').unitBytes).toBe(16_384);
    expect(fit('rw=read\nbs=8k,512').unitBytes).toBe(8192);
  });

  it('leaves out the part behind the last whole block', () => {
    expect(fit('bs=128k\nsize=1000k')).toMatchObject({ rangeBytes: 7 * 131_072 });
  });

  it.each([
    ['bs=1000', 'bs: expected read blocks in multiples of the LBA size 512, got 1000'],
    ['bs=4k,1000', 'bs: expected write blocks in multiples of the LBA size 512, got 1000'],
    ['bssplit=4k/50:700/50', 'bs: expected read blocks in multiples of the LBA size 512, got 700'],
    ['offset=100', 'offset: expected a multiple of the LBA size 512, got 100'],
    ['offset=64m', "offset: expected less than the device's 67108864 bytes, got 67108864"],
    [
      'offset=60m\nsize=8m',
      "size: expected offset + size of at most the device's 67108864 bytes, got 62914560 + 8388608 = 71303168",
    ],
    ['size=2k', 'size: expected at least one block of 4096 bytes, got 2048'],
    ['bs=4k,8k\nsize=4k', 'size: expected at least one block of 8192 bytes, got 4096'],
  ])('refuses %j', (lines, message) => {
    expect(() => fit(lines)).toThrow(`job "job": ${message}`);
  });

  it('says what would make another device of one that is made for the run', () => {
    const made = { lbaBytes: 4096, deviceBytes: MIB, isMade: true };
    expect(() => fit('size=2m', made)).toThrow(/= 2097152; --media-size makes it larger$/);
    expect(() => fit('offset=2m', made)).toThrow(/got 2097152; --media-size makes it larger$/);
    expect(() => fit('bs=512', made)).toThrow(/got 512; --lba-bytes=512 makes it smaller$/);
    expect(() => fit('bs=5000', made)).toThrow(/got 5000$/);
  });

  it('refuses commands the device cannot take', () => {
    expect(() => fit('bs=256k', { ...device, maxTransferBytes: 131_072 })).toThrow(
      'bs: expected read blocks of at most 131072 bytes, got 262144',
    );
    expect(() => fit('bs=512', { lbaBytes: 512, deviceBytes: 2 ** 41 })).toThrow(
      'size: expected at most 2147483648 blocks of 512 bytes',
    );
  });
});
