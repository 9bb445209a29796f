import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { interruptSignal, type SignalSource } from './interrupt.js';

/** A process that only notes what becomes of it. */
class FakeProcess extends EventEmitter implements SignalSource {
  nowMs = 1000;
  readonly said: string[] = [];
  readonly endedBy: string[] = [];
  readonly signal: AbortSignal;

  constructor() {
    super();
    this.signal = interruptSignal(
      (text) => this.said.push(text),
      this,
      () => this.nowMs,
    );
  }

  endBy(name: string): void {
    this.endedBy.push(name);
  }
}

describe('an interrupt', () => {
  it.each(['SIGINT', 'SIGTERM'])('of %s ends the run and not the program', (name) => {
    const process = new FakeProcess();
    expect(process.signal.aborted).toBe(false);
    process.emit(name);
    expect([process.signal.aborted, process.said, process.endedBy]).toEqual([
      true,
      ['interrupted: what there is so far\n'],
      [],
    ]);
  });

  it('that npx passes on once more is still the first', () => {
    const process = new FakeProcess();
    process.emit('SIGINT');
    process.nowMs += 499;
    process.emit('SIGINT');
    expect([process.said.length, process.endedBy]).toEqual([1, []]);
  });

  it.each(['SIGINT', 'SIGTERM'])('that comes later ends the program by %s', (name) => {
    const process = new FakeProcess();
    process.emit('SIGINT');
    process.nowMs += 500;
    process.emit(name);
    expect([process.said.length, process.endedBy]).toEqual([1, [name]]);
  });
});
