import type { RandomDistribution } from './job-spec.js';
import { parseFloatStrict } from './units.js';
import { failValue } from './value-error.js';

/** fio's defaults for a distribution without a parameter. */
const ZIPF_THETA_DEFAULT = 1.1;
const PARETO_H_DEFAULT = 0.2;

/** What fio has and this does not: refused, because another distribution would be measured than the one asked for. */
const NOT_DONE = new Set(['normal', 'zoned', 'zoned_abs', 'sequence']);

/**
 * Reads `random_distribution`: `random`, `zipf:theta[:center]` or `pareto:h[:center]`.
 *
 * fio refuses a zipf theta of exactly 1, where its formula divides by zero; here the distribution is computed from its
 * definition and 1 is as good as any.
 */
export function parseDistribution(text: string): RandomDistribution {
  const [kind = '', parameter = '', center = '', ...rest] = text.split(':').map((part) => part.trim());
  if (NOT_DONE.has(kind)) failValue('random, zipf or pareto (fio has more; they are not done here)', kind);
  if (rest.length > 0) failValue('random, zipf:theta[:center] or pareto:h[:center]', text);
  const at = center === '' ? {} : { center: parseCenter(center) };
  switch (kind) {
    case 'random':
      if (parameter !== '') failValue('random without a parameter', text);
      return { kind: 'random' };
    case 'zipf': {
      const theta = parameter === '' ? ZIPF_THETA_DEFAULT : parseFloatStrict(parameter);
      if (!(theta > 0 && theta <= 10)) failValue('a zipf theta above 0 and up to 10', parameter);
      return { kind: 'zipf', theta, ...at };
    }
    case 'pareto': {
      const h = parameter === '' ? PARETO_H_DEFAULT : parseFloatStrict(parameter);
      if (!(h > 0 && h < 1)) failValue('a pareto power between 0 and 1', parameter);
      return { kind: 'pareto', h, ...at };
    }
    default:
      return failValue('random, zipf:theta or pareto:h', text);
  }
}

function parseCenter(text: string): number {
  const center = parseFloatStrict(text);
  if (!(center >= 0 && center <= 1)) failValue('a center from 0 to 1', text);
  return center;
}
