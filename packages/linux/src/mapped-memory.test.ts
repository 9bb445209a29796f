import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addressOf, createMemFd, isLinux, MappedMemory, mapMemory, SystemCallError, viewMemory } from './index.js';

const PAGE_BYTES = 4096;
const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-map-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(isLinux())('mapped memory', () => {
  it('is fresh memory that is not zeroed, or does not take plain and atomic stores', () => {
    const memory = mapMemory({ bytes: 2 * PAGE_BYTES });
    const words = new Uint32Array(memory.buffer);
    expect(words.every((word) => word === 0)).toBe(true);
    words[1] = 7;
    Atomics.store(words, 2, 9);
    expect([...words.subarray(0, 4)]).toEqual([0, 7, 9, 0]);
    expect(memory.address % BigInt(PAGE_BYTES)).toBe(0n);
    memory.unmap();
    expect(() => memory.unmap()).not.toThrow();
  });

  it('does not reach the file, or begins at another offset than asked for', () => {
    const file = path.join(folder, 'shared');
    const fd = openSync(file, 'w+');
    ftruncateSync(fd, 3 * PAGE_BYTES);
    const memory = mapMemory({ bytes: PAGE_BYTES, fd, offset: PAGE_BYTES });
    closeSync(fd);
    new Uint8Array(memory.buffer).fill(0xab, 0, 3);
    expect([...readFileSync(file).subarray(PAGE_BYTES - 1, PAGE_BYTES + 4)]).toEqual([0, 0xab, 0xab, 0xab, 0]);
    memory.unmap();
  });

  it('lets a private mapping reach the file', () => {
    const fd = createMemFd('private', PAGE_BYTES);
    const mine = mapMemory({ bytes: PAGE_BYTES, fd, isShared: false });
    const others = mapMemory({ bytes: PAGE_BYTES, fd });
    new Uint8Array(mine.buffer)[0] = 1;
    expect(new Uint8Array(others.buffer)[0]).toBe(0);
    closeSync(fd);
    mine.unmap();
    others.unmap();
  });

  it('shows other memory at the same address', () => {
    const memory = mapMemory({ bytes: PAGE_BYTES });
    new Uint8Array(memory.buffer)[5] = 5;
    expect(addressOf(memory.buffer)).toBe(memory.address);
    expect(addressOf(new Uint8Array(memory.buffer, 16))).toBe(memory.address + 16n);
    expect(new Uint8Array(viewMemory(memory.address, 8))[5]).toBe(5);
    memory.unmap();
  });

  it('still reaches the file after a part was detached, or takes more than that part away', () => {
    const fd = createMemFd('detached', 2 * PAGE_BYTES);
    const memory = mapMemory({ bytes: 2 * PAGE_BYTES, fd });
    const witness = mapMemory({ bytes: 2 * PAGE_BYTES, fd });
    const bytes = new Uint8Array(memory.buffer);
    bytes[PAGE_BYTES] = 1;
    memory.detach(PAGE_BYTES, PAGE_BYTES);
    expect(bytes[PAGE_BYTES]).toBe(0);
    bytes[PAGE_BYTES] = 2;
    bytes[0] = 3;
    expect([new Uint8Array(witness.buffer)[0], new Uint8Array(witness.buffer)[PAGE_BYTES]]).toEqual([3, 1]);
    expect(() => memory.detach(100, PAGE_BYTES)).toThrow('expected whole pages within 8192 bytes');
    expect(() => memory.detach(PAGE_BYTES, 2 * PAGE_BYTES)).toThrow('expected whole pages within 8192 bytes');
    closeSync(fd);
    memory.unmap();
    witness.unmap();
  });

  it('does not show a file that was attached, or shows it from another byte on', () => {
    const fd = createMemFd('attached', 3 * PAGE_BYTES);
    const memory = mapMemory({ bytes: 2 * PAGE_BYTES });
    const witness = mapMemory({ bytes: 3 * PAGE_BYTES, fd });
    const [bytes, seen] = [new Uint8Array(memory.buffer), new Uint8Array(witness.buffer)];
    bytes[PAGE_BYTES] = 1;
    seen[2 * PAGE_BYTES] = 2;
    memory.attach(PAGE_BYTES, PAGE_BYTES, fd, 2 * PAGE_BYTES);
    closeSync(fd);
    expect(bytes[PAGE_BYTES]).toBe(2);
    bytes[PAGE_BYTES + 1] = 3;
    bytes[0] = 4;
    expect([seen[0], seen[2 * PAGE_BYTES + 1]]).toEqual([0, 3]);
    memory.detach(PAGE_BYTES, PAGE_BYTES);
    expect(bytes[PAGE_BYTES]).toBe(0);
    expect(() => memory.attach(0, PAGE_BYTES, 9999, 0)).toThrow('EBADF');
    memory.unmap();
    witness.unmap();
  });

  it('moves the memory of a small typed array after its address was taken', () => {
    const small = new Uint8Array([1, 2, 3, 4]);
    const address = addressOf(small);
    expect(addressOf(small)).toBe(address);
    expect([...new Uint8Array(viewMemory(address, 4))]).toEqual([1, 2, 3, 4]);
  });

  it('of a file that is only to be read can be written', () => {
    const fd = createMemFd('read-only', PAGE_BYTES);
    const memory = mapMemory({ bytes: PAGE_BYTES, fd, isReadOnly: true });
    const writable = mapMemory({ bytes: PAGE_BYTES, fd });
    new Uint8Array(writable.buffer)[7] = 7;
    expect(new Uint8Array(memory.buffer)[7]).toBe(7);
    const rights = (address: bigint): string | undefined =>
      new RegExp(`^${address.toString(16).padStart(8, '0')}-\\S+ (\\S+)`, 'm').exec(
        readFileSync('/proc/self/maps', 'utf8'),
      )?.[1];
    expect([rights(memory.address), rights(writable.address)]).toEqual(['r--s', 'rw-s']);
    closeSync(fd);
    memory.unmap();
    writable.unmap();
  });

  it('is made of pages that are not there, or of others when huge ones were asked for', () => {
    expect(() => mapMemory({ bytes: 2 ** 44, hugePages: true })).toThrow(`mmap ${2 ** 44} bytes of huge pages: ENOMEM`);
  });

  it('is unmapped where nothing can be', () => {
    const memory = new MappedMemory(1n, PAGE_BYTES, new ArrayBuffer(0));
    expect(() => memory.unmap()).toThrow('munmap: EINVAL');
  });

  it('takes sizes and offsets that cannot be', () => {
    expect(() => mapMemory({ bytes: 0 })).toThrow('bytes: expected 1 or more, got 0');
    expect(() => mapMemory({ bytes: PAGE_BYTES, offset: 5 })).toThrow('offset: expected a multiple of 4096, got 5');
  });

  it('is refused with an error that has no name', () => {
    const error = new SystemCallError('mmap', 1234);
    expect([error.code, error.message]).toEqual(['errno 1234', 'mmap: errno 1234 (unknown error)']);
  });

  it('says nothing of what the system refused', () => {
    expect.assertions(2);
    try {
      mapMemory({ bytes: PAGE_BYTES, fd: 9999 });
    } catch (error) {
      expect(error).toBeInstanceOf(SystemCallError);
      expect(error).toMatchObject({
        code: 'EBADF',
        syscall: 'mmap',
        message: expect.stringContaining('mmap 4096 bytes: EBADF') as string,
      });
    }
  });
});
