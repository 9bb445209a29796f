import { describe, expect, it } from 'vitest';
import type { AdminCommand } from '../admin-command.js';
import type { AdminQueue } from '../admin-queue.js';
import { readLogPage } from './log-page.js';

/** A device whose log has byte `i % 251` at offset `i`, and that keeps what it was asked. `onAsked` may change the log. */
function openLog(changes: { transferBytesMax?: number; hasLogOffsets?: boolean } = {}) {
  const asked: { command: AdminCommand; bytes: number }[] = [];
  const spoiled = new Map<number, number>();
  const log = { onAsked: (): void => undefined };
  const admin = {
    transferBytesMax: 4096,
    hasLogOffsets: true,
    ...changes,
    receive: (command: AdminCommand, bytes: number) => {
      asked.push({ command, bytes });
      log.onAsked();
      const from = (command.cdw12 ?? 0) + (command.cdw13 ?? 0) * 2 ** 32;
      return Promise.resolve(Uint8Array.from({ length: bytes }, (_, i) => spoiled.get(from + i) ?? (from + i) % 251));
    },
  } as unknown as AdminQueue;
  return { admin, asked, spoiled, log };
}

/** Fields as [Base] 5.1.12 has them, taken apart by hand. */
function fieldsOf({ command, bytes }: { command: AdminCommand; bytes: number }) {
  const cdw10 = (command.cdw10 ?? 0) >>> 0;
  const dwords = ((command.cdw11 ?? 0) & 0xffff) * 0x1_0000 + (cdw10 >>> 16) + 1;
  return {
    opcode: command.opcode,
    nsid: command.nsid,
    page: cdw10 & 0xff,
    parameter: (cdw10 >>> 8) & 0x7f,
    retain: (cdw10 >>> 15) & 1,
    offset: (command.cdw12 ?? 0) + (command.cdw13 ?? 0) * 2 ** 32,
    specific: ((command.cdw11 ?? 0) >>> 16) & 0xffff,
    csi: (command.cdw14 ?? 0) >>> 24,
    uuidIndex: (command.cdw14 ?? 0) & 0x7f,
    bytesMatch: dwords * 4 === bytes,
    bytes,
  };
}

describe('a log page', () => {
  it.each([4, 512, 4092, 4096, 4100, 8192, 20_000])(
    'of %i bytes comes in the wrong order, or with a gap',
    async (bytes) => {
      const { admin, asked } = openLog();
      const page = await readLogPage(admin, 0x09, bytes);
      expect(page).toEqual(Uint8Array.from({ length: bytes }, (_, i) => i % 251));
      for (const each of asked)
        expect(fieldsOf(each)).toMatchObject({ opcode: 2, nsid: 0xffff_ffff, page: 0x09, bytesMatch: true });
      expect(asked.reduce((sum, each) => sum + each.bytes, 0)).toBe(bytes);
    },
  );

  it('lets its event go before all of it was read, or never', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 4, 10_000);
    expect(asked.map((each) => fieldsOf(each).retain)).toEqual([1, 1, 0]);
    asked.length = 0;
    await readLogPage(admin, 4, 10_000, { retainEvent: true });
    expect(asked.map((each) => fieldsOf(each).retain)).toEqual([1, 1, 1]);
  });

  it('is asked for of another namespace, or with another parameter', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 0x0c, 16, { nsid: 3, lsp: 1, lsi: 0xabcd, csi: 2, uuidIndex: 5 });
    const fields = { nsid: 3, parameter: 1, page: 0x0c, retain: 0, specific: 0xabcd, csi: 2, uuidIndex: 5 };
    expect(fieldsOf(asked[0])).toMatchObject(fields);
  });

  it.each([0, 3, 6, -4, NaN, 2 ** 32])('of %d bytes is asked for', async (bytes) => {
    const { admin, asked } = openLog();
    await expect(readLogPage(admin, 1, bytes)).rejects.toThrow(/^bytes: expected a multiple of 4 from 4 to 2\^32 - 4/);
    expect(asked).toEqual([]);
  });
});

describe('a part of a log page', () => {
  it('begins somewhere else than asked, also past 4 GiB', async () => {
    const { admin, asked } = openLog();
    const from = 2 ** 33 + 8;
    const part = await readLogPage(admin, 0x07, 5000, { offset: from });
    expect(part).toEqual(Uint8Array.from({ length: 5000 }, (_, i) => (from + i) % 251));
    expect(asked.map((each) => fieldsOf(each).offset)).toEqual([from, from + 4096]);
  });

  it.each([2, -4, 0.5, 2 ** 53])('from %d on is asked for', async (offset) => {
    const { admin, asked } = openLog();
    await expect(readLogPage(admin, 1, 4, { offset })).rejects.toThrow(/^offset: expected a multiple of 4/);
    expect(asked).toEqual([]);
  });

  it('is asked of a controller that would answer with the beginning again', async () => {
    const { admin, asked } = openLog({ transferBytesMax: 131_072, hasLogOffsets: false });
    for (const [bytes, offset] of [
      [16_388, 0],
      [4, 4],
    ]) {
      await expect(readLogPage(admin, 1, bytes, { offset })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    }
    expect(asked).toEqual([]);
    expect((await readLogPage(admin, 1, 16_384)).length).toBe(16_384);
    expect(asked.map((each) => fieldsOf(each).bytesMatch)).toEqual([true]);
  });
});

describe('a log page that changes while it is read in pieces', () => {
  // Log page, offset and bytes of its count. [Base] 5.1.12.1
  it.each([
    [0x07, 381, 1],
    [0x08, 383, 1],
    [0x0c, 0, 8],
    [0x0d, 372, 2],
    [0x70, 0, 8],
  ])('is taken for one page: %i', async (logPage, at, bytes) => {
    for (let byte = at; byte < at + bytes; byte++) {
      const { admin, asked, spoiled, log } = openLog();
      log.onAsked = () => {
        if (asked.length === 2) spoiled.set(byte, 252).set(4500, 253);
      };
      const page = await readLogPage(admin, logPage, 6000);
      // Read, looked at, read again, looked at again.
      expect(asked.length).toBe(6);
      expect([page[byte], page[4500]]).toEqual([252, 253]);
      // The event is let go with nothing but a last look.
      expect(asked.map((each) => fieldsOf(each).retain)).toEqual([1, 1, 0, 1, 1, 0]);
    }
  });

  it('is read without end', async () => {
    const { admin, asked, spoiled, log } = openLog();
    log.onAsked = () => spoiled.set(0, asked.length);
    await expect(readLogPage(admin, 0x0c, 6000)).rejects.toMatchObject({
      code: 'LOG_CHANGED',
      facts: { log: expect.stringContaining('Asymmetric Namespace Access'), attempts: 8 },
    });
    expect(asked.length).toBe(8 * 3);
  });

  it('is looked at again although it came in one piece, or has no count in what was read', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 0x0c, 4096);
    expect(asked.length).toBe(1);
    await readLogPage(admin, 0x0c, 6000, { offset: 4 });
    expect(asked.length).toBe(3);
  });

  it('is captured anew for each piece', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 0x07, 6000, { lsp: 1 });
    expect(asked.map((each) => fieldsOf(each).parameter)).toEqual([1, 0, 0]);
    asked.length = 0;
    // A parameter that only says what is wanted belongs to every piece.
    await readLogPage(admin, 0x0c, 6000, { lsp: 1 });
    expect(asked.map((each) => fieldsOf(each).parameter)).toEqual([1, 1, 1]);
  });
});
