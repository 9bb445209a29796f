import type { Namespace } from '../src/namespace.js';
import { type BusRange, joined, PointerWalk } from './pointer-walk.js';
import type { ScriptedDevice } from './scripted-device.js';

/** A command of a transfer, as the device sees it. */
export interface CarriedOut {
  readonly lba: number;
  readonly blocks: number;
  /** where its data is on the bus */
  readonly data: BusRange[];
  /** SGL descriptors that say so, 0 for PRPs */
  readonly descriptors: number;
  readonly dwords: number[];
}

/** Carries everything out, a few commands at a time, and gives them with what their pointers say. */
export function carryOut(
  device: ScriptedDevice,
  namespace: Namespace,
  bytesOf: (blocks: number) => number,
): CarriedOut[] {
  const walk = new PointerWalk(device.dma);
  const pieces: CarriedOut[] = [];
  for (let idle = 0; idle < 2;) {
    device.pair.poll();
    const commands = device.fetchAll();
    idle = commands.length === 0 ? idle + 1 : 0;
    for (const { cid, slba, nlb0, nsid, dwords } of commands) {
      if (nsid !== namespace.nsid) throw new Error(`expected namespace ${namespace.nsid}, got ${nsid}`);
      const { ranges, descriptors } = walk.data(dwords, bytesOf(nlb0 + 1));
      pieces.push({ lba: slba, blocks: nlb0 + 1, data: joined(ranges), descriptors, dwords });
      device.complete(cid);
    }
  }
  return pieces;
}
