import { isForJobFiles, OWN_GROUPS, OWN_OPTIONS } from './own-options.js';
import { notDoneByReason } from '../job/known-options.js';
import { OPTIONS, OPTION_GROUPS } from '../job/options.js';

/**
 * The reference of all options as Markdown, made from the tables that the program itself reads.
 * `scripts/options-table.mjs` puts it into the README; a test fails when the README has another one.
 */
export function optionsReference(): string {
  const lines: string[] = [];
  for (const group of OPTION_GROUPS) {
    lines.push(`### ${group}`, '', '| option | value | default | |', '|---|---|---|---|');
    for (const option of OPTIONS.filter((one) => one.group === group)) {
      const names = [option.name, ...option.aliases].map((name) => `\`${name}\``).join(', ');
      lines.push(row([names, code(option.form), code(option.defaultText), option.help]));
    }
    lines.push('');
  }
  for (const group of OWN_GROUPS) {
    const options = OWN_OPTIONS.filter((one) => one.group === group);
    const place = options.every(isForJobFiles) ? 'command line, or [global] of a job file' : 'command line only';
    lines.push(`### ${group} (${place})`, '', '| option | default | |', '|---|---|---|');
    for (const option of options) {
      lines.push(row([code(option.flags), option.defaultText, option.help]));
    }
    lines.push('');
  }
  lines.push(
    '### Options of fio that are known and not done',
    '',
    'Each gives a warning that says why.',
    '',
    '| why | options |',
    '|---|---|',
  );
  for (const [reason, names] of notDoneByReason()) lines.push(row([reason, names.map(code).join(', ')]));
  return `${lines.join('\n')}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** As code; a bar would end the cell, also inside code. */
function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}
