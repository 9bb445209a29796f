import { describe, expect, it } from 'vitest';
import { interruptSignal } from './interrupt.js';

describe('an interrupt', () => {
  it('is told to the user once, when it comes', () => {
    const ending = new AbortController();
    const said: string[] = [];
    const signal = interruptSignal((text) => said.push(text), ending.signal);
    expect([signal.aborted, said]).toEqual([false, []]);
    ending.abort();
    ending.abort();
    expect([signal.aborted, said]).toEqual([true, ['interrupted: what there is so far\n']]);
  });
});
