import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MediumFile } from './medium-file.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-medium-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that fails', () => {
  it('says why once, and fails every time', () => {
    const path = join(folder, 'medium.img');
    const said: string[] = [];
    writeFileSync(path, '');
    truncateSync(path, 8192);
    const log = { info: () => undefined, warn: (text: string) => void said.push(text) };
    const file = MediumFile.open(path, false, (_, bytes) => bytes, log);
    expect(file.bytes).toBe(8192);
    expect(file.readSync(new Uint8Array(4096), 4096)).toBe(4096);
    expect(said).toEqual([]);
    for (let i = 0; i < 2; i++) expect(() => file.readSync(new Uint8Array(512), 2 ** 60)).toThrow(RangeError);
    expect(said).toEqual([expect.stringContaining(`--media file:${path}: The value of "position" is out of range.`)]);
    file.close();
  });
});
