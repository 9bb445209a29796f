import type { BenchOptions } from '../cli/bench-options.js';
export async function compareWithC(_options: BenchOptions): Promise<number> { return 0; }
