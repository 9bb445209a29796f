import { NVM_READ, STATUS_UNRECOVERED_READ_ERROR } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { checkRule } from './check-rule.js';
import type { FaultRule } from './fault-rule.js';

const GOOD: readonly FaultRule[] = [
  { kind: 'status', status: STATUS_UNRECOVERED_READ_ERROR },
  { kind: 'status', status: 0x67ff, opcode: NVM_READ, queue: 3, nsid: 1, lba: 0, blocks: 8, skip: 0, count: 1 },
  { kind: 'status', status: 0x3fff },
  { kind: 'status', status: 0x0100 },
  { kind: 'lost', lba: 5, opcode: NVM_READ },
  { kind: 'corrupt', opcode: NVM_READ, queue: 1, lba: 0 },
  { kind: 'lost', probability: { num: 1, den: 1000 } },
  { kind: 'late', delayNs: 1, probability: { num: 0, den: 1 } },
  { kind: 'duplicate', queue: 0 },
  { kind: 'reorder', commands: 3 },
  { kind: 'reorder', commands: 3, withinNs: 1e9 },
  { kind: 'corrupt' },
  { kind: 'corrupt', bits: 4096 },
  { kind: 'fatal', skip: 100 },
  { kind: 'hang' },
  { kind: 'remove', opcode: NVM_READ },
  { kind: 'doorbells-lost', durationNs: 5 },
  { kind: 'stuck-ready' },
  { kind: 'stuck-ready', enable: false, skip: 1, count: 2 },
];

describe('a rule', () => {
  it.each(GOOD)('is accepted: %o', (rule) => {
    expect(() => checkRule(rule)).not.toThrow();
    // It is plain data.
    expect(() => checkRule(JSON.parse(JSON.stringify(rule)) as FaultRule)).not.toThrow();
  });

  it.each([
    ['an unknown kind', { kind: 'explode' }, 'kind: expected one of status, lost, late'],
    ['no kind', {}, 'kind: expected one of'],
    ['a kind that every object has', { kind: 'toString' }, 'kind: expected one of'],
    ['a field of another kind', { kind: 'lost', delayNs: 5 }, 'delayNs: expected no such field in a lost fault, got 5'],
    ['a field that does not exist', { kind: 'lost', opcodes: [1] }, 'opcodes: expected no such field'],
    ['no status', { kind: 'status' }, 'status: expected an integer from 1 to 32767, got undefined'],
    ['success as a status', { kind: 'status', status: 0 }, 'status: expected'],
    ['success that is not to be retried', { kind: 'status', status: 0x4000 }, 'status: expected a status code other'],
    ['success with a retry delay and More', { kind: 'status', status: 0x3800 }, 'status: expected a status code other'],
    ['a delay for a retry that is pointless', { kind: 'status', status: 0x4a81 }, 'status: expected no retry delay'],
    ['corruption of the admin queue', { kind: 'corrupt', queue: 0 }, 'queue: expected an I/O queue'],
    ['corruption of a Flush', { kind: 'corrupt', opcode: 0 }, 'opcode: expected Read or Write'],
    ['a block of an admin command', { kind: 'lost', queue: 0, lba: 1 }, 'queue: expected an I/O queue'],
    ['a block of a Flush', { kind: 'lost', opcode: 0, lba: 1 }, 'opcode: expected a command that names a range'],
    ['a status of 16 bits', { kind: 'status', status: 0x8000 }, 'status: expected'],
    ['no delay', { kind: 'late' }, 'delayNs: expected'],
    ['a delay of nothing', { kind: 'late', delayNs: 0 }, 'delayNs: expected'],
    ['a delay of half a nanosecond', { kind: 'late', delayNs: 0.5 }, 'delayNs: expected'],
    ['no duration', { kind: 'doorbells-lost' }, 'durationNs: expected'],
    ['no number of commands', { kind: 'reorder' }, 'commands: expected'],
    ['to wait for no command', { kind: 'reorder', commands: 0 }, 'commands: expected'],
    ['too many bits', { kind: 'corrupt', bits: 4097 }, 'bits: expected'],
    ['an opcode of 9 bits', { kind: 'lost', opcode: 0x100 }, 'opcode: expected an integer from 0 to 255'],
    ['a queue of 17 bits', { kind: 'lost', queue: 0x1_0000 }, 'queue: expected'],
    ['a text', { kind: 'lost', queue: '1' }, 'queue: expected an integer from 0 to 65535, got "1"'],
    ['a namespace of 33 bits', { kind: 'lost', nsid: 2 ** 32 }, 'nsid: expected'],
    ['a block past 2^53', { kind: 'lost', lba: 2 ** 53 }, 'lba: expected'],
    ['blocks without a first one', { kind: 'lost', blocks: 8 }, 'lba: expected a logical block, since blocks is given'],
    ['no blocks', { kind: 'lost', lba: 1, blocks: 0 }, 'blocks: expected'],
    ['a count of nothing', { kind: 'lost', count: 0 }, 'count: expected'],
    ['a negative skip', { kind: 'lost', skip: -1 }, 'skip: expected'],
    ['a chance of a half', { kind: 'lost', probability: 0.5 }, 'probability: expected { num, den }'],
    ['a chance above one', { kind: 'lost', probability: { num: 3, den: 2 } }, 'probability: expected'],
    ['a chance in nothing', { kind: 'lost', probability: { num: 0, den: 0 } }, 'probability: expected'],
    ['a chance of fractions', { kind: 'lost', probability: { num: 0.5, den: 1 } }, 'probability: expected'],
    ['a chance of nothing', { kind: 'lost', probability: null }, 'probability: expected'],
    ['a stuck RDY for one opcode', { kind: 'stuck-ready', opcode: 2 }, 'opcode: expected no such field'],
    ['a stuck RDY for 1', { kind: 'stuck-ready', enable: 1 }, 'enable: expected true or false, got 1'],
  ])('with %s is refused', (_, rule, message) => {
    expect(() => checkRule(rule as unknown as FaultRule)).toThrow(RangeError);
    expect(() => checkRule(rule as unknown as FaultRule)).toThrow(`faults: ${message}`);
  });
});
