import { describe, expect, it } from 'vitest';
import { READ, type JobSpec } from '../job/job-spec.js';
import { parseJobFile } from '../job/parse-job-file.js';
import { Pacer } from './pacer.js';

const MS = 1e6;

function job(settings: string): JobSpec {
  return parseJobFile(`[job]\nrw=randread\n${settings}`, 'job').groups[0][0];
}

/** Commands that go within a time when the pacer is asked every `stepMs`, each as often as it allows. */
function goneWithin(pacer: Pacer, fromMs: number, toMs: number, stepMs: number): number {
  const time = new Float64Array(1);
  let gone = 0;
  for (let ms = fromMs; ms < toMs; ms += stepMs) {
    time[0] = ms * MS;
    for (; pacer.mayIssue(READ, time); gone++) pacer.issued(READ, 4096, time);
  }
  return gone;
}

describe('a paced job', () => {
  it.each(['rate_iops=1000', 'rate=4000k'])('keeps its rate from the first second on (%s)', (rate) => {
    expect(goneWithin(new Pacer(job(rate)), 5000, 6000, 1)).toBeCloseTo(1000, -1);
  });

  it('catches up with at most 100 ms after it was held up', () => {
    const pacer = new Pacer(job('rate_iops=1000'));
    goneWithin(pacer, 5000, 5010, 1);
    expect(goneWithin(pacer, 8000, 8001, 1)).toBeCloseTo(100, -1);
  });

  it('pauses for its thinking time after each batch', () => {
    const pacer = new Pacer(job('thinktime=10ms\nthinktime_blocks=4'));
    expect(goneWithin(pacer, 5000, 5100, 1)).toBe(40);
  });
});
