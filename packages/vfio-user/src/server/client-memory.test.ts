import { describe, expect, it } from 'vitest';
import { FLAG_ERROR, TYPE_REPLY } from '../protocol/commands.js';
import type { Message } from '../protocol/header.js';
import type { ClientLink } from './client-link.js';
import { ClientMemory, LostMemoryError } from './client-memory.js';

/** A link that answers request `bad` with an error and the others with zeros, and keeps which of them somebody still waits for. */
function linkThatRefuses(bad: number) {
  const awaited = new Set<number>();
  let asked = 0;
  const take = (id: number): void => void awaited.delete(id);
  const link = {
    request: (): number => {
      awaited.add(asked);
      return asked++;
    },
    answer: (id: number): Message => {
      take(id);
      const header = {
        id,
        command: 11,
        bytes: 16,
        flags: id === bad ? TYPE_REPLY | FLAG_ERROR : TYPE_REPLY,
        errno: 14,
      };
      return { header, payload: new Uint8Array(64), descriptors: [] };
    },
    abandon: take,
  };
  return { link: link as unknown as ClientLink, awaited, asked: () => asked };
}

describe('memory that a client gives by messages', () => {
  it.each([
    [0, 32],
    [31, 32],
    [32, 64],
    [69, 70],
  ])('is waited for without end after request %d was refused', (bad, asked) => {
    const { link, awaited, asked: askedFor } = linkThatRefuses(bad);
    const memory = new ClientMemory(link);
    memory.dataBytesMax = 16;
    const pieces = Array.from({ length: 35 }, (_, i) => ({ address: i * 4096, into: new Uint8Array(32) }));
    expect(() => memory.read(pieces)).toThrow(LostMemoryError);
    expect([askedFor(), awaited.size]).toEqual([asked, 0]);
  });

  it('is refused in a turn that is given up, and what was written in it is waited for on', () => {
    const { link, awaited, asked } = linkThatRefuses(-1);
    const memory = new ClientMemory(link);
    for (let i = 0; i < 40; i++) memory.write(i * 4096, new Uint8Array(8));
    expect([asked(), awaited.size]).toEqual([40, 32]);
    memory.forget();
    expect(awaited.size).toBe(0);
    memory.flush();
  });
});
