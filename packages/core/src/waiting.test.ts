import { describe, expect, it } from 'vitest';
import { throwIfAborted } from './index.js';

describe('a signal', () => {
  it('ends a wait that nobody has given up', () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted({ aborted: false, reason: new Error('not yet') })).not.toThrow();
  });

  it('is reported with another error than its own reason', () => {
    const reason = new Error('enough');
    expect(() => throwIfAborted({ aborted: true, reason })).toThrow(reason);
  });

  it('loses a reason that is no error', () => {
    expect.assertions(1);
    try {
      throwIfAborted({ aborted: true, reason: 'enough' });
    } catch (error) {
      expect(error).toMatchObject({ message: 'the wait was given up', cause: 'enough' });
    }
  });
});
