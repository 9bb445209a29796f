import { phasebitPackage, phasebitProgram } from '../../rollup.preset.mjs';

export default [
  phasebitProgram({ main: 'src/main.ts', 'device-worker': 'src/stack/device-worker.ts' }),
  // By itself: what it shares with the program would be taken out of the program's one module.
  phasebitPackage({ 'serve-process': 'src/compare-transports/serve-process.ts' }),
];
