import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endingSignal, type SignalSource } from './ending-signal.js';

/** A process that only notes what becomes of it. */
class FakeProcess extends EventEmitter implements SignalSource {
  nowMs = 1000;
  readonly endedBy: string[] = [];
  readonly signal: AbortSignal = endingSignal(this, () => this.nowMs);

  endBy(name: string): void {
    this.endedBy.push(name);
  }
}

describe('the end', () => {
  it.each(['SIGINT', 'SIGTERM'])('at %s comes before what was written is flushed', (name) => {
    const process = new FakeProcess();
    expect(process.signal.aborted).toBe(false);
    process.emit(name);
    process.nowMs += 499;
    process.emit(name);
    expect([process.signal.aborted, process.endedBy]).toEqual([true, []]);
  });

  it('cannot be had at once by asking again', () => {
    const process = new FakeProcess();
    process.emit('SIGINT');
    process.nowMs += 500;
    process.emit('SIGTERM');
    expect(process.endedBy).toEqual(['SIGTERM']);
  });
});
