import { fileURLToPath } from 'node:url';
import { phasebitPackage } from '../../rollup.preset.mjs';

/** A package of this workspace that is not published goes into the bundle, as if its sources lay here. */
const BUNDLED = new Map([
  ['@phasebit/qtest', fileURLToPath(new URL('../../tests/qtest/src/index.ts', import.meta.url))],
]);

const config = phasebitPackage({ main: 'src/main.ts', 'device-worker': 'src/stack/device-worker.ts' });

export default [
  {
    ...config,
    external: (id) => !BUNDLED.has(id) && config.external(id),
    plugins: [{ name: 'bundle-private-packages', resolveId: (id) => BUNDLED.get(id) }, ...config.plugins],
  },
  // By itself: what it shares with the program would be taken out of the program's one module.
  phasebitPackage({ 'serve-process': 'src/compare-transports/serve-process.ts' }),
];
