import { expect, it } from 'vitest';
import { LineReader } from './agent-messages.js';

it('lines are put together however they are cut', () => {
  const text = 'first\n\nsecond\nthird';
  for (let step = 1; step <= text.length; step++) {
    const lines: string[] = [];
    const reader = new LineReader((line) => lines.push(line));
    for (let at = 0; at < text.length; at += step) reader.push(text.slice(at, at + step));
    expect(lines).toEqual(['first', 'second']);
    reader.push('\n');
    expect(lines).toEqual(['first', 'second', 'third']);
  }
});
