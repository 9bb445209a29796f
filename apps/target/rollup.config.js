import { phasebitProgram } from '../../rollup.preset.mjs';

export default phasebitProgram({ main: 'src/main.ts' });
