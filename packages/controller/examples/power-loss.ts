import { MEDIUM_FLUSH, MEDIUM_WRITE, NAND_TLC, NandMedium, PowerLossMedium, RamMedium } from '@phasebit/controller';
import { ManualClock } from '@phasebit/core';

// Data in memory, behind a cache that forgets when power is lost, with the times of a TLC drive. A Controller takes it as the `medium`
// of a namespace; here the times are asked for by hand, as a controller does it.
const clock = new ManualClock();
const cached = new PowerLossMedium({ medium: new RamMedium({ bytes: 64 * 2 ** 20 }) });
const medium = new NandMedium({ ...NAND_TLC, medium: cached, clock, garbageCollection: true });

console.log('written after', medium.dueNs(MEDIUM_WRITE, 0, 65_536) / 1000, 'us'); // 5 us: it is in the cache
console.log('lasting after', Math.round(medium.dueNs(MEDIUM_FLUSH, 0, medium.bytes) / 1000), 'us'); // 2003 us
console.log(medium.statistics.programs, 'pages programmed'); // 4 pages programmed
