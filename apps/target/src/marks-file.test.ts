import { silentLog } from '@phasebit/core';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MarksFile } from './marks-file.js';
import { openMedium } from './media.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

describe('the file of marks', () => {
  it('has what was saved last, in a file of its own beside the image', () => {
    const marks = new MarksFile(at('disk'));
    expect(marks.load()).toBeUndefined();
    marks.save(Uint8Array.of(1, 2, 3));
    marks.save(Uint8Array.of(4));
    expect([...new MarksFile(at('disk')).load()!]).toEqual([4]);
    expect(readdirSync(folder)).toEqual(['disk.marks']);
  });

  it('is the old one as long as the new one is not whole', () => {
    const marks = new MarksFile(at('full'));
    marks.save(Uint8Array.of(7));
    mkdirSync(at('full.marks.new'));
    expect(() => marks.save(Uint8Array.of(8))).toThrow('EISDIR');
    expect([...readFileSync(at('full.marks'))]).toEqual([7]);
  });

  it('that cannot be read is named', () => {
    mkdirSync(at('odd.marks'));
    expect(() => new MarksFile(at('odd')).load()).toThrow(
      `${at('odd.marks')}: expected a file that can be read: EISDIR`,
    );
  });

  it('is where the medium of an image keeps its marks', () => {
    writeFileSync(at('image'), new Uint8Array(4096));
    const open = () => openMedium({ kind: 'file', path: at('image') }, silentLog);
    const first = open();
    expect([first.medium.loadMarks?.(), first.medium.saveMarks?.(Uint8Array.of(1, 2))]).toEqual([undefined, 0]);
    first.close();
    const second = open();
    expect([...second.medium.loadMarks!()!]).toEqual([1, 2]);
    second.close();
  });
});
