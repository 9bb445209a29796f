import type { ConformanceCase } from './conformance-case.js';

/** How many cases there are of each area, and how many of those are about bad input, as the rows of a Markdown table. */
export function caseTable(cases: readonly ConformanceCase[]): string {
  const areas = [...new Set(cases.map(({ area }) => area))];
  const rows = areas.map((area) => {
    const all = cases.filter((each) => each.area === area);
    return [`\`${area}\``, all.length, all.filter(({ isRefusal }) => isRefusal).length];
  });
  const refusals = cases.filter(({ isRefusal }) => isRefusal).length;
  const lines = [['area', 'cases', 'bad input'], ['---', '---', '---'], ...rows, ['all', cases.length, refusals]];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
