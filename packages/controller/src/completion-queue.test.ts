import { createLinkMemory, LinkDevice } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { CompletionQueue } from './completion-queue.js';
import type { Interrupts } from './interrupts.js';

const ENTRIES = 5;

function made() {
  const link = new LinkDevice(createLinkMemory({ queues: 2 }));
  const ring = new Int32Array(1024);
  const refused: number[] = [];
  const queue = new CompletionQueue({
    id: 1,
    entries: ENTRIES,
    pages: [ring],
    link,
    interrupts: { completed: () => undefined } as unknown as Interrupts,
    concurrent: true,
    vector: -1,
    observer: { invalidDoorbellValue: (id) => refused.push(id) },
  });
  const ringHead = (head: number): void => void Atomics.store(link.words, link.cqDoorbellWord(1), head);
  const cids = (): number[] => Array.from({ length: ENTRIES }, (_, i) => ring[i * 4 + 3] & 0xffff);
  return { queue, refused, ringHead, cids };
}

describe('slots', () => {
  it('that are reserved are granted to nobody, and those that are free still are', () => {
    const { queue } = made();
    expect(queue.room(9)).toBe(4);
    queue.reserve();
    queue.reserve();
    expect(queue.room(9)).toBe(2);
    queue.post(0, 0, 1, 0);
    queue.post(0, 0, 2, 0);
    expect(queue.room(1)).toBe(0);
  });

  it('that are reserved can be used however full the queue is', () => {
    const { queue, cids } = made();
    queue.reserve();
    for (const cid of [1, 2, 3]) queue.post(0, 0, cid, 0);
    expect(queue.room(1)).toBe(0);
    queue.postReserved(0, 0, 9, 0);
    queue.publish();
    expect(cids().slice(0, 4)).toEqual([1, 2, 3, 9]);
    expect(queue.room(1)).toBe(0);
  });

  it('that are given back unused are free again', () => {
    const { queue } = made();
    queue.reserve();
    queue.release();
    expect(queue.room(9)).toBe(4);
  });

  it('stay reserved while the ring goes round', () => {
    const { queue, ringHead, refused } = made();
    queue.reserve();
    let head = 0;
    for (let turn = 0; turn < 30; turn++) {
      expect(queue.room(9)).toBe(3);
      for (let i = 0; i < 3; i++) queue.post(0, 0, turn, 0);
      queue.publish();
      expect(queue.room(1)).toBe(0);
      head = (head + 3) % ENTRIES;
      ringHead(head);
    }
    expect(queue.room(9)).toBe(3);
    expect(refused).toEqual([]);
  });

  it('that are reserved were not posted: a head behind them is refused', () => {
    const { queue, ringHead, refused } = made();
    queue.reserve();
    queue.reserve();
    queue.post(0, 0, 1, 0);
    queue.publish();
    ringHead(2);
    expect(queue.room(4)).toBe(1);
    expect(refused).toEqual([1]);
    ringHead(1);
    expect(queue.room(4)).toBe(2);
  });
});
