import { FreeList, Histogram, Prng } from '@phasebit/core';

// Chance that is the same everywhere, and durations counted in constant memory.
const prng = new Prng(42);
const latencies = new Histogram();
for (let i = 0; i < 100_000; i++) latencies.record(80_000 + prng.below(20_000));
console.log(`p50 ${latencies.percentileNs(50)} ns, p99.9 ${latencies.percentileNs(99.9)} ns`);

// A fixed pool of indexes: what is freed last is taken first, and "none left" is an answer.
const slots = new FreeList(2);
console.log(slots.take(), slots.take(), slots.take()); // 0 1 -1
