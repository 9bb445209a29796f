import { Help, type HelpConfiguration } from 'commander';

/** Columns for options before their descriptions. Some options are three times as long, and would leave no room for text on a terminal. */
const TERM_COLUMNS = 30;

const plain = new Help();

/** Help whose descriptions are wrapped beside the options, and begin on a line of their own below those that are too long for it. */
export const helpLayout: HelpConfiguration = {
  padWidth: (command, helper) => Math.min(TERM_COLUMNS, plain.padWidth(command, helper)),
  formatItem(this: Help, term, termWidth, description, helper) {
    const item = (text: string): string => Help.prototype.formatItem.call(this, text, termWidth, description, helper);
    return helper.displayWidth(term) <= termWidth ? item(term) : `  ${term}\n${item('')}`;
  },
};
