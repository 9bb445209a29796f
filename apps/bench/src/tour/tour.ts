import type { BenchOptions } from '../cli/bench-options.js';
export async function runTour(_options: BenchOptions): Promise<number> { return 0; }
