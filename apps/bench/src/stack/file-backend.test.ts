import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeFileBackend } from './file-backend.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-file-backend-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that fails', () => {
  it('says why once, and fails every time', () => {
    const path = join(folder, 'medium.img');
    const said: string[] = [];
    const file = NodeFileBackend.open(path, 8192, { info: () => undefined, warn: (text) => said.push(text) });
    expect(file.readSync(new Uint8Array(4096), 4096)).toBe(4096);
    expect(said).toEqual([]);
    for (let i = 0; i < 2; i++) expect(() => file.readSync(new Uint8Array(512), 2 ** 60)).toThrow(RangeError);
    expect(said).toEqual([expect.stringContaining(`--media file:${path}: The value of "position" is out of range.`)]);
    file.close();
  });
});
