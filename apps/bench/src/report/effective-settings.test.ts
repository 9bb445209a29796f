import { describe, expect, it } from 'vitest';
import { parseJobFile } from '../job/parse-job-file.js';
import { effectiveSettings } from './effective-settings.js';

const settings = (lines: string, freshSeed = 1) =>
  effectiveSettings(parseJobFile(`[job]\n${lines}`, 'x', { freshSeed }).groups[0][0]);

describe('effectiveSettings', () => {
  it('adds the defaults that plotting tools look for', () => {
    expect(settings('')).toEqual({ rw: 'read', bs: '4k', iodepth: '1', numjobs: '1' });
    expect(settings('rw=randread\nblocksize=8K\niodepth=0x10')).toEqual({
      rw: 'randread',
      bs: '8K',
      iodepth: '0x10',
      numjobs: '1',
    });
  });

  it('gives sizes that vary as a range, and directions that differ one by one', () => {
    expect(settings('bssplit=4k/50:64k/50').bs).toBe('4k-64k');
    expect(settings('bsrange=512-1m,4k-8k').bs).toBe('512-1m,4k-8k,4k-8k');
  });

  it('names the seed that was drawn, with which the run repeats', () => {
    const first = parseJobFile('[job]\nrandrepeat=0', 'x', { freshSeed: 77 }).groups[0][0];
    const { randseed } = effectiveSettings(first);
    expect(randseed).toBe('77');
    expect(parseJobFile(`[job]\nrandseed=${randseed}`, 'x').groups[0][0].seed).toBe(first.seed);
  });
});
