import { NAND_SLC, NAND_TLC } from '@phasebit/controller';
import { describe, expect, it } from 'vitest';
import { parseNand } from './nand-choice.js';

describe('modelled flash', () => {
  it('has the figures of a profile, and says whose they are', () => {
    expect(parseNand('nand')).toMatchObject({ kind: 'nand', text: 'nand', ...NAND_TLC });
    expect(parseNand('nand').source).toMatch(/^NAND_TLC: .* assumed$/);
    expect(parseNand('nand:slc')).toMatchObject(NAND_SLC);
    expect(parseNand('nand:slc').source).toContain('NAND_SLC');
  });

  it('takes other figures, and says that they are not those of the profile', () => {
    const text =
      'nand:tlc,channels=2,dies=3,planes=1,page=4k,pages=64,read=50,program=1ms,erase=2ms,command=0,channel-mbps=1.5,cache=1m,gc=1,op=0.2';
    const choice = parseNand(text);
    expect(choice).toMatchObject({
      geometry: { channels: 2, diesPerChannel: 3, planesPerDie: 1, pageBytes: 4096, pagesPerBlock: 64 },
      times: { readUs: 50, programUs: 1000, eraseUs: 2000, commandUs: 0, channelMBps: 1.5 },
      cacheBytes: 1024 ** 2,
      garbageCollection: true,
      overProvisioning: 0.2,
    });
    expect(choice.source).toContain('changed: channels=2 dies=3');
    expect(NAND_TLC.geometry.channels).not.toBe(2);
  });

  it.each([
    ['nand:qlc', 'expected nand:tlc or nand:slc, got "nand:qlc"'],
    ['nand,speed=3', 'expected nand with any of channels, dies'],
    ['nand,read', 'expected read=value, got "read"'],
    ['nand,read=fast', 'read: expected a duration'],
    ['nand,channels=0', 'geometry.channels: expected 1 to 64, got 0'],
    ['nand,page=3000', 'geometry.pageBytes: expected a power of two, got 3000'],
    ['nand,op=11', 'overProvisioning: expected 0 to 10, got 11'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseNand(text)).toThrow(message);
  });
});
