/**
 * What the programs have in common.
 *
 * @packageDocumentation
 */
export { endingSignal, type SignalSource } from './ending-signal.js';
export { MediumFile } from './medium-file.js';
