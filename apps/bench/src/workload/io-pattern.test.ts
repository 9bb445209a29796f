import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJobFile } from '../job/parse-job-file.js';
import { validateAgainstDevice, type JobGeometry } from '../job/validate-against-device.js';
import { IoPattern } from './io-pattern.js';

const LBA_BYTES = 512;

function make(lines: string, deviceBytes = 64 * 1024): { pattern: IoPattern; geometry: JobGeometry } {
  const job = parseJobFile(`[job]\n${lines}`, 'x').groups[0][0];
  const geometry = validateAgainstDevice(job, { lbaBytes: LBA_BYTES, deviceBytes });
  return { pattern: new IoPattern(job, geometry), geometry };
}

/** The next commands as `direction:first+blocks` in LBAs. */
function take(pattern: IoPattern, commands: number): string[] {
  return Array.from({ length: commands }, () => {
    pattern.next();
    return `${'RWT'[pattern.direction]}${pattern.lba}+${pattern.blocks}`;
  });
}

describe('sequential', () => {
  it('goes through the range and wraps', () => {
    const { pattern } = make('rw=read\noffset=8k\nsize=12k\ntime_based\nruntime=1');
    expect(take(pattern, 5)).toEqual(['R16+8', 'R24+8', 'R32+8', 'R16+8', 'R24+8']);
  });

  it('has a cursor per direction', () => {
    const { pattern } = make('rw=rw\nsize=64k');
    const commands = take(pattern, 16);
    for (const letter of 'RW') {
      const starts = commands.filter((one) => one.startsWith(letter)).map((one) => Number.parseInt(one.slice(1), 10));
      expect(starts).toEqual(starts.map((_, i) => i * 8));
    }
  });

  it('takes the smallest block where a larger one would pass the end', () => {
    const { pattern } = make('rw=write\nbssplit=4k/1:64k/99\nsize=68k\ntime_based\nruntime=1', 128 * 1024);
    const commands = take(pattern, 200);
    expect(new Set(commands.map((one) => one.split('+')[1]))).toEqual(new Set(['8', '128']));
    expect(commands.every((one) => Number.parseInt(one.slice(1), 10) + Number(one.split('+')[1]) <= 136)).toBe(true);
  });
});

describe('random with full coverage', () => {
  it.each([
    'rw=randread\nbs=4k',
    'rw=randwrite\nbs=1k',
    'rw=randtrim\nbs=4k',
    'rw=randrw\nbs=4k',
    'rw=randrw\nbs=4k\nbssplit=4k/50:12k/50',
    'rw=randrw\nbs=4k,16k',
    'rw=randread\nbsrange=1k-9k',
  ])('touches each LBA of the range once per pass: %j', (lines) => {
    const { pattern, geometry } = make(`${lines}\noffset=8k\nsize=48k\nloops=3`);
    const touches = new Map<number, number>();
    while (!pattern.finished) {
      pattern.next();
      for (let i = 0; i < pattern.blocks; i++) touches.set(pattern.lba + i, (touches.get(pattern.lba + i) ?? 0) + 1);
    }
    expect(touches.size).toBe(geometry.rangeBlocks);
    expect([...touches.values()].every((n) => n === 3)).toBe(true);
  });
});

describe('any workload', () => {
  const workload = fc.record({
    rw: fc.constantFrom('read', 'write', 'trim', 'randread', 'randwrite', 'randtrim', 'rw', 'randrw'),
    sizes: fc.constantFrom(
      'bs=4k',
      'bs=512',
      'bs=4k,16k,8k',
      'bsrange=1k-9k',
      'bssplit=1k/20:4k/30:16k/50',
      'bssplit=4k/50:6k/50,8k/10:16k/90',
    ),
    spread: fc.constantFrom(
      '',
      'norandommap',
      'random_distribution=zipf:1.1',
      'random_distribution=zipf:0.7:0.25',
      'random_distribution=pareto:0.3',
    ),
    offsetKib: fc.integer({ min: 0, max: 32 }),
    sizeKib: fc.integer({ min: 16, max: 96 }),
    seed: fc.nat(),
  });

  it('stays in range, keeps to its alignment, and repeats with its seed', () => {
    fc.assert(
      fc.property(workload, ({ rw, sizes, spread, offsetKib, sizeKib, seed }) => {
        const lines = `rw=${rw}\n${sizes}\n${spread}\noffset=${offsetKib}k\nsize=${sizeKib}k\nrandseed=${seed}\ntime_based\nruntime=1`;
        const { pattern, geometry } = make(lines, 128 * 1024);
        const again = make(lines, 128 * 1024).pattern;
        for (let i = 0; i < 300; i++) {
          pattern.next();
          again.next();
          expect([again.direction, again.lba, again.blocks]).toEqual([pattern.direction, pattern.lba, pattern.blocks]);
          const start = pattern.lba - geometry.firstLba;
          expect(start >= 0 && start + pattern.blocks <= geometry.rangeBlocks).toBe(true);
          expect(start % geometry.unitBlocks).toBe(0);
          expect(pattern.blocks > 0 && pattern.blocks % geometry.unitBlocks === 0).toBe(true);
          expect(pattern.finished).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('shares and sizes', () => {
  it('reads as often as rwmixread says', () => {
    const { pattern } = make('rw=randrw\nrwmixread=70\ntime_based\nruntime=1');
    const reads = take(pattern, 20_000).filter((one) => one.startsWith('R')).length;
    expect(reads / 20_000).toBeCloseTo(0.7, 1);
    expect(
      take(make('rw=randrw\nrwmixread=0\ntime_based\nruntime=1').pattern, 50).every((one) => one.startsWith('W')),
    ).toBe(true);
    expect(
      take(make('rw=randrw\nrwmixread=100\ntime_based\nruntime=1').pattern, 50).every((one) => one.startsWith('R')),
    ).toBe(true);
  });

  it('picks split sizes by their share and range sizes evenly', () => {
    const count = (lines: string) => {
      const sizes = new Map<string, number>();
      for (const one of take(make(`${lines}\nnorandommap\ntime_based\nruntime=1`, 1024 ** 3).pattern, 30_000)) {
        const size = one.split('+')[1];
        sizes.set(size, (sizes.get(size) ?? 0) + 1 / 30_000);
      }
      return sizes;
    };
    const split = count('rw=randread\nbssplit=4k/60:16k/30:64k/10');
    expect([split.get('8'), split.get('32'), split.get('128')]).toEqual(
      [0.6, 0.3, 0.1].map((share): unknown => expect.closeTo(share, 1)),
    );
    const range = count('rw=randread\nbsrange=4k-16k');
    expect([...range.keys()].sort()).toEqual(['16', '24', '32', '8']);
    expect([...range.values()]).toEqual(Array(4).fill(expect.closeTo(0.25, 1)));
  });

  it('puts the hottest block of a zipf workload at its center, the same for reads and writes', () => {
    const { pattern } = make('rw=randrw\nrandom_distribution=zipf:1.2:0.5\ntime_based\nruntime=1', 4096 * 1000);
    const hits = new Map<string, number>();
    for (const one of take(pattern, 20_000)) hits.set(one, (hits.get(one) ?? 0) + 1);
    const hottest = [...hits].sort((a, b) => b[1] - a[1]).slice(0, 2);
    expect(hottest.map(([one]) => one).sort()).toEqual(['R4000+8', 'W4000+8']);
  });
});

describe('the amount', () => {
  it.each([
    ['rw=randread\nsize=64k', 16],
    ['rw=read\nsize=64k\nio_size=10k', 3],
    ['rw=randrw\nsize=64k\nloops=2', 32],
    ['rw=randread\nsize=64k\nnumber_ios=5', 5],
    ['rw=randread\nsize=64k\nio_size=1m', 256],
  ])('%j ends after %d commands', (lines, commands) => {
    const { pattern, geometry } = make(lines);
    expect(pattern.remainingBytes).toBe(Math.min(geometry.totalIos * 4096, geometry.totalBytes));
    let issued = 0;
    while (!pattern.finished) {
      pattern.next();
      issued++;
    }
    expect(issued).toBe(commands);
    expect(pattern.remainingBytes).toBe(0);
  });

  it('never ends when only time ends it', () => {
    const { pattern } = make('rw=randread\ntime_based\nruntime=1');
    take(pattern, 1000);
    expect([pattern.finished, pattern.remainingBytes]).toEqual([false, Infinity]);
  });
});
