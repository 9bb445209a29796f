import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBdf } from './bdf.js';

describe('the address of a PCI function', () => {
  it.each([
    ['01:00.0', '0000:01:00.0'],
    ['0000:01:00.0', '0000:01:00.0'],
    ['0001:AF:1f.7', '0001:af:1f.7'],
    ['10000:e1:00.0', '10000:e1:00.0'],
    [' 01:00.0\n', '0000:01:00.0'],
  ])('%j is not what sysfs calls %s', (text, expected) => {
    expect(parseBdf(text)).toBe(expected);
  });

  it.each([
    '',
    '1:00.0',
    '01:00',
    '01:20.0',
    '01:00.8',
    '01:00.0/driver',
    '../01:00.0',
    'nvme0',
    '000:01:00.0',
    '0000-01:00.0',
  ])('%j is taken', (text) => {
    expect(() => parseBdf(text)).toThrow(`expected a PCI address such as 0000:01:00.0 or 01:00.0, got '${text}'`);
  });

  it('leads out of the folder of devices', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let parsed: string;
        try {
          parsed = parseBdf(text);
        } catch {
          return;
        }
        expect(parsed).toMatch(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
      }),
    );
  });
});
