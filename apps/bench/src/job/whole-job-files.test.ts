import { describe, expect, it } from 'vitest';
import { parseJobFile } from './parse-job-file.js';

describe('whole job files', () => {
  it('reads a ladder of queue depths: one group per job', () => {
    const text =
      '[global]\nrw=randread\nbs=4k\ndirect=1\nruntime=5\ntime_based\nstonewall\n\n[qd1]\niodepth=1\n[qd4]\niodepth=4\n';
    const { groups, warnings } = parseJobFile(text, 'ladder.fio');
    expect(groups.map((group) => group.map((job) => [job.name, job.ioDepth]))).toEqual([[['qd1', 1]], [['qd4', 4]]]);
    expect(warnings).toHaveLength(1);
  });

  it('reads a fill with verification, a mix and a paced job', () => {
    const text = `; A mixed workload.
[global]
size=64M
randseed=42
group_reporting=1
[fill]
rw=write
bs=128k
iodepth=8
verify=crc32c
do_verify=1
[mix]
stonewall
rw=randrw
rwmixread=70
bssplit=4k/60:16k/30:64k/10
iodepth=64
offset=64M
io_size=256M
random_distribution=zipf:1.1
[paced]
stonewall
rw=randread
bs=4k
iodepth=16
rate_iops=20000
runtime=5
time_based`;
    const { groups, warnings } = parseJobFile(text, 'mixed.fio');
    expect(warnings).toEqual([]);
    expect(groups.flat().map((job) => job.name)).toEqual(['fill', 'mix', 'paced']);
    expect(groups[1][0]).toMatchObject({
      readShare: 0.7,
      ioSize: { bytes: 256 * 1024 ** 2 },
      distribution: { kind: 'zipf', theta: 1.1 },
    });
    expect(groups[2][0]).toMatchObject({
      rateIops: [20_000, 20_000, 20_000],
      runtimeSeconds: 5,
      groupReporting: true,
    });
  });
});
