import { parseInteger } from '../job/units.js';
import { failValue, ValueError } from '../job/value-error.js';
import { type NandChoice, parseNand } from './nand-choice.js';

/** What holds the data of a device that is made for the run; `own` is that of a device which is found as it is. */
export type MediaChoice =
  | { readonly kind: 'null' }
  | { readonly kind: 'ram' }
  | { readonly kind: 'file'; readonly path: string }
  | NandChoice
  | { readonly kind: 'own' };

/** A medium as it was asked for. */
export interface AskedMedia {
  readonly media: MediaChoice;
  /** size, where it stands behind the medium's name: `ram:64m` */
  readonly bytes?: number;
}

/** Reads `null`, `ram`, either with `:SIZE`, `file:PATH`, and `nand` with what may follow it. @throws ValueError */
export function parseMedia(text: string): AskedMedia {
  if (/^nand($|:|,)/.test(text)) return { media: parseNand(text) };
  if (text.startsWith('file:') && text.length > 'file:'.length) {
    return { media: { kind: 'file', path: text.slice('file:'.length) } };
  }
  const [kind = '', size, ...more] = text.split(':');
  if ((kind !== 'null' && kind !== 'ram') || more.length > 0) return failValue('null, ram, file:PATH or nand', text);
  if (size === undefined) return { media: { kind } };
  const bytes = parseInteger(size);
  if (bytes < 1) throw new ValueError(`${kind}: expected a size of 1 or more, got ${bytes}`);
  return { media: { kind }, bytes };
}

/** A medium as it is asked for. */
export function mediaName(media: MediaChoice): string {
  if (media.kind === 'file') return `file:${media.path}`;
  return media.kind === 'nand' ? media.text : media.kind;
}
