import { describe, expect, it } from 'vitest';
import { findOption, OPTIONS, OPTION_GROUPS } from './options.js';
import { namesNotDone, notDoneByReason, reasonNotDone, reasonRefused } from './known-options.js';
import { nearestName } from './nearest-name.js';

describe('the option table', () => {
  const names = OPTIONS.flatMap((option) => [option.name, ...option.aliases]);

  it('has each name once, also against what is not done', () => {
    const all = [...names, ...namesNotDone()];
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
    const warned = notDoneByReason().flatMap(([, list]) => list);
    expect(warned.filter((name, i) => warned.indexOf(name) !== i)).toEqual([]);
  });

  it('finds an option by any of its names', () => {
    expect(findOption('blocksize')).toBe(findOption('bs'));
    expect(findOption('io_limit')?.name).toBe('io_size');
    expect(findOption('direct')).toBeUndefined();
    expect(reasonNotDone('direct')).toMatch(/page cache/);
    expect(reasonRefused('include')).toMatch(/not read/);
  });

  it('describes every option in one line and one group', () => {
    for (const option of OPTIONS) {
      expect(OPTION_GROUPS).toContain(option.group);
      expect(option.help).toMatch(/^[A-Z0-9].*[^.]$/);
      expect(option.help.length).toBeLessThan(100);
    }
  });
});

describe('nearestName', () => {
  it.each([
    ['iodpeth', 'iodepth'],
    ['IODEPTH', 'iodepth'],
    ['rwmixraed', 'rwmixread'],
    ['numjob', 'numjobs'],
  ])('%s is meant to be %s', (typed, name) => {
    expect(
      nearestName(
        typed,
        OPTIONS.map((option) => option.name),
      ),
    ).toBe(name);
  });

  it('does not guess', () => {
    expect(nearestName('bandwidth', ['bs', 'rw'])).toBeUndefined();
    expect(nearestName('zz', ['bs', 'rw'])).toBeUndefined();
  });
});
