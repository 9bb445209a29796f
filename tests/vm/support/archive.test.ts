import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Archive } from './archive.js';

interface Member {
  readonly name: string;
  readonly mode: number;
  readonly body: string;
}

/** Reads the format from its description, byte by byte. */
function membersOf(bytes: Buffer): Member[] {
  const members: Member[] = [];
  let at = 0;
  const round = (offset: number): number => Math.ceil(offset / 4) * 4;
  for (;;) {
    expect(bytes.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number): number =>
      Number.parseInt(bytes.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameBytes] = [field(1), field(6), field(11)];
    const name = bytes.toString('utf8', at + 110, at + 110 + nameBytes - 1);
    const start = round(at + 110 + nameBytes);
    if (name === 'TRAILER!!!') {
      expect(start).toBe(bytes.length);
      return members;
    }
    members.push({ name, mode, body: bytes.toString('utf8', start, start + size) });
    at = round(start + size);
  }
}

describe('an archive', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'phasebit-archive-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function written(archive: Archive): Member[] {
    const file = path.join(folder, 'archive.cpio');
    archive.write(file);
    return membersOf(readFileSync(file));
  }

  it('with nothing in it is a trailer', () => {
    expect(written(new Archive())).toEqual([]);
  });

  it('has files of any length, links and folders, and parents before what is in them', () => {
    const archive = new Archive()
      .file('/z/deep/one', '1')
      .file('a', '', 0o755)
      .link('bin/sh', 'busybox')
      .folder('empty');
    archive.file('four', '1234').file('naïve', 'é');
    expect(written(archive)).toEqual([
      { name: 'a', mode: 0o100755, body: '' },
      { name: 'bin', mode: 0o040755, body: '' },
      { name: 'bin/sh', mode: 0o120777, body: 'busybox' },
      { name: 'empty', mode: 0o040755, body: '' },
      { name: 'four', mode: 0o100644, body: '1234' },
      { name: 'naïve', mode: 0o100644, body: 'é' },
      { name: 'z', mode: 0o040755, body: '' },
      { name: 'z/deep', mode: 0o040755, body: '' },
      { name: 'z/deep/one', mode: 0o100644, body: '1' },
    ]);
  });

  it('has the later one of two entries with a name', () => {
    expect(written(new Archive().link('/bin/x', 'y').file('bin/x', 'new')).map(({ body }) => body)).toEqual([
      '',
      'new',
    ]);
  });

  it('takes a folder of this machine: links as links, files with their permission to be run, nothing unwanted', () => {
    mkdirSync(path.join(folder, 'from/sub'), { recursive: true });
    writeFileSync(path.join(folder, 'from/sub/run'), '#!', { mode: 0o755 });
    writeFileSync(path.join(folder, 'from/text'), 'text', { mode: 0o600 });
    writeFileSync(path.join(folder, 'from/unwanted'), 'x');
    symlinkSync('sub/run', path.join(folder, 'from/link'));
    const archive = new Archive().hostFolder('to', path.join(folder, 'from'), (file) => file !== 'unwanted');
    expect(written(archive)).toEqual([
      { name: 'to', mode: 0o040755, body: '' },
      { name: 'to/link', mode: 0o120777, body: 'sub/run' },
      { name: 'to/sub', mode: 0o040755, body: '' },
      { name: 'to/sub/run', mode: 0o100755, body: '#!' },
      { name: 'to/text', mode: 0o100644, body: 'text' },
    ]);
  });

  it('has what a link of this machine leads to when it is asked for a file', () => {
    writeFileSync(path.join(folder, 'real'), 'real');
    symlinkSync('real', path.join(folder, 'link'));
    expect(written(new Archive().hostFile('file', path.join(folder, 'link')))).toEqual([
      { name: 'file', mode: 0o100644, body: 'real' },
    ]);
  });
});
