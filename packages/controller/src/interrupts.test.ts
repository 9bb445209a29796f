import {
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  FEATURE_ARBITRATION,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  NVM_FLUSH,
  REG_CC,
  REG_INTMS,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost, type RawSubmissionQueue } from '../test-support/raw-host.js';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };
/** Unit of the aggregation time. */
const UNIT_NS = 100e3;

/** A host with coalescing of `completions` completions or `time` units, and a queue on vector 5. */
function coalescing(completions: number, time: number): { host: RawHost; queue: RawSubmissionQueue } {
  const host = new RawHost().enable();
  const cdw11 = (time << 8) | (completions - 1);
  expect(host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_INTERRUPT_COALESCING, cdw11 }).code).toBe(0);
  return { host, queue: host.createPair(1, 64, 64, 5) };
}

/** Lets so many commands complete, one batch. */
function complete(host: RawHost, queue: RawSubmissionQueue, commands: number): void {
  for (let i = 0; i < commands; i++) queue.push(FLUSH);
  queue.ring();
  host.settle();
  queue.completions.drain();
}

describe('interrupt coalescing', () => {
  it('sends a message as soon as enough completions were published', () => {
    const { host, queue } = coalescing(4, 10);
    for (const [commands, messages] of [
      [1, 0],
      [2, 0],
      [1, 1],
      [3, 1],
      [6, 2],
      [3, 2],
      [1, 3],
    ] as const) {
      complete(host, queue, commands);
      expect(host.function.vectors.received(5)).toBe(messages);
    }
  });

  it('sends it when the first of them has waited for the aggregation time, not before and not again', () => {
    const { host, queue } = coalescing(200, 3);
    complete(host, queue, 1);
    host.clock.advanceNs(2 * UNIT_NS);
    complete(host, queue, 1);
    host.clock.advanceNs(UNIT_NS - 1);
    host.settle();
    expect(host.function.vectors.received(5)).toBe(0);
    host.clock.advanceNs(1);
    host.settle();
    expect(host.function.vectors.received(5)).toBe(1);
    host.clock.advanceNs(100 * UNIT_NS);
    host.settle();
    expect(host.function.vectors.received(5)).toBe(1);
    complete(host, queue, 1);
    host.clock.advanceNs(3 * UNIT_NS);
    host.settle();
    expect(host.function.vectors.received(5)).toBe(2);
  });

  it('says when the next message is due', () => {
    const { host, queue } = coalescing(200, 3);
    expect(host.controller.nextDueNs).toBe(Infinity);
    complete(host, queue, 1);
    const due = host.clock.nowNs() + 3 * UNIT_NS;
    host.clock.advanceNs(UNIT_NS);
    const other = host.createPair(2, 64, 64, 6);
    complete(host, other, 1);
    expect(host.controller.nextDueNs).toBe(due);
    host.clock.advanceNs(2 * UNIT_NS);
    host.settle();
    expect(host.controller.nextDueNs).toBe(due + UNIT_NS);
  });

  it('counts and times each vector for itself', () => {
    const { host, queue } = coalescing(3, 5);
    const other = host.createPair(2, 64, 64, 6);
    const mate = host.createPair(3, 64, 64, 5);
    complete(host, queue, 2);
    host.clock.advanceNs(2 * UNIT_NS);
    complete(host, other, 2);
    expect([5, 6].map((vector) => host.function.vectors.received(vector))).toEqual([0, 0]);
    complete(host, mate, 1);
    expect([5, 6].map((vector) => host.function.vectors.received(vector))).toEqual([1, 0]);
    host.clock.advanceNs(3 * UNIT_NS);
    host.settle();
    expect([5, 6].map((vector) => host.function.vectors.received(vector))).toEqual([1, 0]);
    host.clock.advanceNs(2 * UNIT_NS);
    host.settle();
    expect([5, 6].map((vector) => host.function.vectors.received(vector))).toEqual([1, 1]);
  });

  it.each([
    ['the threshold', 1, 50],
    ['the time', 50, 0],
  ])('does not happen while %s is zero', (_, completions, time) => {
    const { host, queue } = coalescing(completions, time);
    for (let i = 1; i <= 5; i++) {
      complete(host, queue, 1);
      expect(host.function.vectors.received(5)).toBe(i);
    }
  });

  it('does not hold back a failure, nor what was held back before it', () => {
    const { host, queue } = coalescing(100, 100);
    complete(host, queue, 3);
    expect(queue.execute({ ...FLUSH, nsid: 77 }).code).toBe(STATUS_INVALID_NAMESPACE);
    expect(host.function.vectors.received(5)).toBe(1);
    complete(host, queue, 3);
    expect(host.function.vectors.received(5)).toBe(1);
  });

  it('does not hold back the admin queue, nor an I/O queue on its vector', () => {
    const { host } = coalescing(100, 100);
    const queue = host.createPair(2, 64, 64, 0);
    const before = host.function.vectors.received(0);
    host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION });
    expect(host.function.vectors.received(0)).toBe(before + 1);
    complete(host, queue, 1);
    expect(host.function.vectors.received(0)).toBe(before + 2);
  });

  it('can be disabled for a vector, and enabled again', () => {
    const { host, queue } = coalescing(100, 100);
    const configure = (disabled: number): void => {
      const cdw11 = (disabled << 16) | 5;
      expect(host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_INTERRUPT_VECTOR_CONFIG, cdw11 }).code).toBe(0);
    };
    configure(1);
    complete(host, queue, 1);
    expect(host.function.vectors.received(5)).toBe(1);
    configure(0);
    complete(host, queue, 1);
    expect(host.function.vectors.received(5)).toBe(1);
  });

  it('keeps its message pending while the vector is masked', () => {
    const { host, queue } = coalescing(2, 100);
    host.function.vectors.setMasked(5, true);
    complete(host, queue, 2);
    complete(host, queue, 2);
    expect(host.function.vectors.received(5)).toBe(0);
    host.function.vectors.setMasked(5, false);
    expect(host.function.vectors.received(5)).toBe(1);
  });

  it('holds nothing back any more after a controller reset', () => {
    const { host, queue } = coalescing(100, 5);
    complete(host, queue, 3);
    host.write32(REG_CC, 0);
    host.clock.advanceNs(10 * UNIT_NS);
    host.enable();
    host.settle();
    expect(host.function.vectors.received(5)).toBe(0);
    const again = host.createPair(1, 64, 64, 5);
    complete(host, again, 1);
    expect(host.function.vectors.received(5)).toBe(1);
  });
});

describe('INTMS', () => {
  it('masks nothing, since messages are MSI-X', () => {
    const host = new RawHost().enable();
    host.write32(REG_INTMS, 0xffff_ffff);
    const queue = host.createPair(1, 64, 64, 5);
    complete(host, queue, 1);
    expect(host.function.vectors.received(5)).toBe(1);
  });
});
