import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionsReference } from './options-reference.js';

describe('the option reference in the README', () => {
  it('is the one made from the option table (pnpm --dir apps/bench run options-table)', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, between = ''] = readme.split(/<!-- options:(?:begin|end) -->\n/);
    expect(between).toContain(optionsReference());
  });
});
