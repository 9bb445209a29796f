import { phasebitPackage } from '../../rollup.preset.mjs';

export default phasebitPackage({ index: 'src/index.ts', cli: 'src/cli.ts' });
