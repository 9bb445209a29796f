import { NVM_READ, STATUS_DNR, STATUS_UNRECOVERED_READ_ERROR } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { faultText, parseFaults } from './fault-choice.js';

describe('a fault', () => {
  it.each([
    ['lost', { kind: 'lost' }],
    [
      'status:opcode=read,status=unrecovered_read_error,probability=1/1000',
      {
        kind: 'status',
        opcode: NVM_READ,
        status: STATUS_UNRECOVERED_READ_ERROR,
        probability: { num: 1, den: 1000 },
      },
    ],
    ['status:status=0x281+dnr', { kind: 'status', status: STATUS_UNRECOVERED_READ_ERROR | STATUS_DNR }],
    ['late:delay=5ms,queue=0', { kind: 'late', delayNs: 5e6, queue: 0 }],
    ['late:delayNs=70', { kind: 'late', delayNs: 70 }],
    [
      'reorder:commands=3,within=20,lba=4k,blocks=8',
      { kind: 'reorder', commands: 3, withinNs: 20e3, lba: 4096, blocks: 8 },
    ],
    ['doorbells-lost:duration=1s,skip=7,count=1', { kind: 'doorbells-lost', durationNs: 1e9, skip: 7, count: 1 }],
    ['stuck-ready:enable=1,count=2', { kind: 'stuck-ready', enable: true, count: 2 }],
    ['corrupt:opcode=2,bits=9', { kind: 'corrupt', opcode: NVM_READ, bits: 9 }],
    ['{"kind":"remove","nsid":1}', { kind: 'remove', nsid: 1 }],
  ])('is read: %s', (text, rule) => {
    expect(parseFaults(text)).toEqual([{ rule }]);
  });

  it('may be one of several in an array, and of one controller alone', () => {
    const text = '[{"kind":"lost"},{"kind":"hang","controller":1}]';
    expect(parseFaults(text)).toEqual([{ rule: { kind: 'lost' } }, { rule: { kind: 'hang' }, controller: 1 }]);
    expect(parseFaults('fatal:controller=2,skip=3')).toEqual([{ rule: { kind: 'fatal', skip: 3 }, controller: 2 }]);
  });

  it('is the same when it was written as text', () => {
    for (const fault of parseFaults('[{"kind":"lost"},{"kind":"late","delayNs":3,"controller":1}]')) {
      expect(parseFaults(faultText(fault))).toEqual([fault]);
    }
  });

  it.each([
    ['lots', 'kind: expected one of status, lost, late'],
    ['', 'kind: expected one of status, lost, late'],
    ['late', 'delayNs: expected an integer from 1'],
    ['late:delay', 'expected kind:name=value,..., got "late:delay"'],
    ['late:delay=5q', 'delay: expected a duration such as'],
    ['lost:bits=3', 'bits: expected no such field in a lost fault'],
    ['lost:opcode=reed', 'did you mean read'],
    ['status:status=success', 'expected a name of the specification'],
    ['status:status=0', 'status: expected an integer from 1 to 32767, got 0'],
    ['status:status=5+now', 'expected a status, or a status and +dnr, got "5+now"'],
    ['lost:probability=3', 'expected a chance such as 1/1000, got "3"'],
    ['lost:probability=3/2', 'probability: expected { num, den }'],
    ['lost:blocks=2', 'lba: expected a logical block, since blocks is given'],
    ['lost:controller=-1', 'controller: 0 or more'],
    ['{"kind":', 'expected JSON ('],
    ['[3]', 'expected a rule, { "kind": ... }, got "3"'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseFaults(text)).toThrow(message);
  });
});
