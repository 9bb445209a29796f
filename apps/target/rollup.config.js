import { phasebitPackage } from '../../rollup.preset.mjs';

export default phasebitPackage({ main: 'src/main.ts' });
