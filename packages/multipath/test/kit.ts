/** What the tests of this package share: paths in a given state, and ANA logs made by hand. */
import { ANA_STATE_INACCESSIBLE, ANA_STATE_NON_OPTIMIZED, ANA_STATE_OPTIMIZED } from '@phasebit/nvme-spec';
import { CONTROLLER_LIVE, CONTROLLER_RESETTING, PathGroup, type PathTraits } from '../src/index.js';

/** A path for a table: `O` optimized, `N` non-optimized, `-` inaccessible, `x` its controller is being reset. */
export type PathLetter = 'O' | 'N' | '-' | 'x';

/** A group with one path for each letter, at time 0. */
export function groupOf(letters: string, traits: PathTraits = {}): PathGroup {
  const group = new PathGroup(Math.max(1, letters.length));
  for (const letter of letters) addPath(group, letter as PathLetter, traits);
  return group;
}

/** Adds one path and gives its index. */
export function addPath(group: PathGroup, letter: PathLetter, traits: PathTraits = {}): number {
  const path = group.add(traits);
  group.setConnected(path, true, 0);
  setPath(group, path, letter, 0);
  return path;
}

/** Puts a path into the state that a letter means. */
export function setPath(group: PathGroup, path: number, letter: PathLetter, nowNs: number): void {
  const anaStates = {
    O: ANA_STATE_OPTIMIZED,
    N: ANA_STATE_NON_OPTIMIZED,
    '-': ANA_STATE_INACCESSIBLE,
    x: ANA_STATE_OPTIMIZED,
  };
  group.setController(path, letter === 'x' ? CONTROLLER_RESETTING : CONTROLLER_LIVE, nowNs);
  group.setAnaState(path, anaStates[letter], nowNs);
}

/** One group of a log made by hand; what is given is written as it is, right or wrong. */
export interface RawGroup {
  readonly agid: number;
  readonly state: number;
  readonly nsids: readonly number[];
  /** the count that the descriptor claims; default the right one */
  readonly nnv?: number;
  readonly chgcntHigh?: number;
}

/** The bytes of an ANA log. */
export function rawLog(groups: readonly RawGroup[], header: { nagd?: number; chgcntHigh?: number } = {}): Uint8Array {
  const bytes = groups.reduce((sum, group) => sum + 32 + 4 * group.nsids.length, 16);
  const data = new Uint8Array(bytes);
  const view = new DataView(data.buffer);
  view.setUint32(0, 7, true);
  view.setUint32(4, header.chgcntHigh ?? 0, true);
  view.setUint16(8, header.nagd ?? groups.length, true);
  let at = 16;
  for (const group of groups) {
    view.setUint32(at, group.agid, true);
    view.setUint32(at + 4, group.nnv ?? group.nsids.length, true);
    view.setUint32(at + 8, 3, true);
    view.setUint32(at + 12, group.chgcntHigh ?? 0, true);
    data[at + 16] = group.state;
    group.nsids.forEach((nsid, i) => view.setUint32(at + 32 + 4 * i, nsid, true));
    at += 32 + 4 * group.nsids.length;
  }
  return data;
}
