import { phasebitPackage } from '../../rollup.preset.mjs';

export default phasebitPackage();
