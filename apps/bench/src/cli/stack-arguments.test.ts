import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { stackArguments } from './stack-arguments.js';

describe('the arguments of a stack', () => {
  it.each([
    '',
    '--layer nvme --device thread --media ram --media-size 64m --ring 256 --no-look-ahead --sq-doorbell command',
    '--media file:/tmp/x --lba-bytes 512 --queue-pairs 2 --requests 99 --controllers 3 --fail-controller-after 5 --seed 5',
    '--layer nvme --media nand:slc,read=9,gc=1 --format 4096+8 --pi-type 1 --pi on --payload sgl --iovecs 4',
    '--layer nvme --media ram --format 4096+64 --pi-type 2 --pi-guard 64 --pi on',
    '--shadow-doorbells sleeping --arbitration wrr:8/4/1/2 --io-timeout 0 --on-lost reset --retries 0',
    '--layer nvme --completion adaptive --lba-bytes 512 --fault lost:count=1 --fault late:delay=5us --fault-seed 0',
    '--device vfio:0000:01:00.0,vfio:0000:02:00.0 --nsid 2 --allow-writes-to S1 --allow-writes-to S2 --shadow-doorbells off',
    '--device vfio-user:/run/a,b.sock --layer nvme --ring 64 --scatter=4',
    '--device qtest:mdts=5,max_ioqpairs=4 --layer nvme --media ram:64m --format 512+8 --pi-type 1 --pi on',
    '--layer bdev --fail-controller-after 5 --cq-doorbell poll --callback-in request --scatter=0 -c 16',
  ])('make the same stack again: %s', (line) => {
    const first = stackOf(line.split(' ').filter(Boolean));
    expect(stackOf(stackArguments(first))).toEqual(first);
  });
});

function stackOf(args: readonly string[]) {
  const parsed = parseArguments(['run', ...args]);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options.stack;
}
