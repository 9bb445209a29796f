// What the layer costs: random 4 KiB reads of a null device, one callback per I/O which submits the next, one thread.
// Uses the built package: pnpm --filter @phasebit/bdev build && node packages/bdev/bench/null-bdev.mjs [million I/Os per round]
import os from 'node:os';
import { BDEV_ACCEPTED, BdevChannel, NullBdev } from '@phasebit/bdev';

const IOS = Number(process.argv[2] ?? 10) * 1e6;
const ROUNDS = 7;
const PAGE_BYTES = 4096;
const BLOCKS = 8;

class Load {
  constructor(depth) {
    this.channel = new BdevChannel(new NullBdev());
    this.depth = depth;
    this.left = 0;
    this.done = 0;
    this.lba = 1;
    this.onDone = (slot, status) => {
      if (status !== 0) throw new Error(`status ${status}`);
      this.done++;
      if (this.left > 0) this.issue(slot);
    };
  }

  issue(slot) {
    this.left--;
    this.lba = (Math.imul(this.lba, 1103515245) + 12345) & 0x3fff_fff8;
    if (this.channel.read(slot * PAGE_BYTES, this.lba, BLOCKS, this.onDone, slot) !== BDEV_ACCEPTED)
      throw new Error('refused');
  }

  run(ios) {
    this.left = ios;
    this.done = 0;
    for (let slot = 0; slot < this.depth; slot++) this.issue(slot);
    while (this.done < ios) this.channel.poll();
  }
}

console.log(
  `node ${process.version}, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(2)}, best of ${ROUNDS} x ${IOS / 1e6} M I/Os`,
);
const loads = [1, 8, 32, 128, 512, 1024].map((depth) => new Load(depth));
const best = new Map(loads.map((load) => [load, Infinity]));
for (let round = 0; round < ROUNDS; round++) {
  for (const load of loads) {
    const begin = process.hrtime.bigint();
    load.run(IOS);
    const ns = Number(process.hrtime.bigint() - begin) / IOS;
    best.set(load, Math.min(best.get(load), ns));
  }
}
for (const [load, ns] of best) {
  console.log(`depth ${String(load.depth).padStart(4)}: ${ns.toFixed(1)} ns per I/O, ${(1e3 / ns).toFixed(1)} M/s`);
}
